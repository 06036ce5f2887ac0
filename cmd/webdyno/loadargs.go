package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// withTwoDashes returns a command line in which every long option that was typed
// with one dash, as in `-duration 10s`, has two. An argument is taken for one if
// it spells the whole name of an option of its verb, alone or before a "=", and
// is no cluster of switches. So `-d10s`, `-c40` and `-kH 'a: b'` stay what they
// are; but a body "ody" is to be written `-b ody`. What is the value of an option
// is left alone, and so is everything after "--".
func withTwoDashes(root *cobra.Command, args []string) []string {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return args
	}
	verb, _, err := root.Find(args[:1])
	if err != nil || verb == root {
		return args
	}
	flags := verb.Flags()
	flags.AddFlagSet(verb.InheritedFlags())
	out := []string{args[0]}
	value := false // the argument belongs to the option before it
	for i, arg := range args[1:] {
		if arg == "--" && !value {
			return append(out, args[1+i:]...)
		}
		if !value && isLongWithOneDash(flags, arg) {
			arg = "-" + arg
		}
		value = !value && wantsNext(flags, arg)
		out = append(out, arg)
	}
	return out
}

// isLongWithOneDash tells whether arg is a long option but for a dash.
func isLongWithOneDash(flags *pflag.FlagSet, arg string) bool {
	name, ok := strings.CutPrefix(arg, "-")
	if !ok || strings.HasPrefix(name, "-") {
		return false
	}
	name, _, _ = strings.Cut(name, "=")
	return len(name) > 1 && (flags.Lookup(name) != nil || name == "help") && !areSwitches(flags, name)
}

// areSwitches tells whether each letter is the short form of an option that
// takes no value.
func areSwitches(flags *pflag.FlagSet, letters string) bool {
	for _, letter := range letters {
		f := shorthand(flags, letter)
		if f == nil || takesValue(f) {
			return false
		}
	}
	return true
}

// wantsNext tells whether arg is an option whose value is the next argument.
func wantsNext(flags *pflag.FlagSet, arg string) bool {
	if name, ok := strings.CutPrefix(arg, "--"); ok {
		f := flags.Lookup(name)
		return f != nil && takesValue(f)
	}
	letters, ok := strings.CutPrefix(arg, "-")
	if !ok {
		return false
	}
	for i, letter := range letters {
		f := shorthand(flags, letter)
		if f == nil {
			return false
		}
		if takesValue(f) {
			return i == len(letters)-1 // else the value is the rest of the letters
		}
	}
	return false
}

// shorthand returns the option of a short form, or nil; the letters of other
// languages, which pflag does not take, are none.
func shorthand(flags *pflag.FlagSet, letter rune) *pflag.Flag {
	if letter >= 0x80 {
		return nil
	}
	return flags.ShorthandLookup(string(letter))
}

func takesValue(f *pflag.Flag) bool { return f.NoOptDefVal == "" }
