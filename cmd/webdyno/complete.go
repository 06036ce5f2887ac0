package main

import (
	"slices"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"webdyno/internal/workload"
	"webdyno/plans"
)

// What shells complete beside verbs and the names of flags: the words that a flag
// takes, the names of plans and of presets. "webdyno completion bash" and its like
// print what a shell must read once for that.

// flagWords are the values of flags that take one of a few words, by the flag's
// name; they are the same in every verb that has the flag.
func flagWords() map[string][]string {
	return map[string][]string{
		"output":     {"text", "json", "wrk", "bench"},
		"format":     {"text", "json"},
		"backend":    {"auto", "uring", "epoll", "net"},
		"close":      {"server", "fin", "reset"},
		"arrivals":   {"poisson", "constant"},
		"think-time": {"exponential", "constant"},
		"headers":    workload.HeaderSets(),
	}
}

// completed gives a verb's flags their completions.
func completed(cmd *cobra.Command) *cobra.Command {
	words := flagWords()
	for name, values := range words {
		if name == "format" {
			values = formatsOf(cmd.Name(), values)
		}
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	for name, complete := range map[string]cobra.CompletionFunc{
		"preset": completePresets, "install": completeFlagPlans, "resume": completeFolders, "out": completeFolders, "python-path": completeFolders,
	} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, complete)
		}
	}
	return cmd
}

// completePlans completes the names of plans that ship, beside files.
func completePlans(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return plans.Names(), cobra.ShellCompDirectiveDefault
}

// completeFlagPlans does the same for a flag's value, whatever stands before it.
func completeFlagPlans(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return plans.Names(), cobra.ShellCompDirectiveDefault
}

// completePresets completes the names of the presets that the plan typed before
// has.
func completePresets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	src, err := openPlan(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return src.presets(), cobra.ShellCompDirectiveNoFileComp
}

// presets returns the names of a plan's presets, without asking whether the plan
// is right.
func (s source) presets() []string {
	var doc struct {
		Presets map[string]any `yaml:"presets"`
	}
	if yaml.Unmarshal(s.text, &doc) != nil {
		return nil
	}
	var names []string
	for name := range doc.Presets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// completeFolders completes folders only.
func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeNothing is for arguments that nobody could guess, such as a URL.
func completeNothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}
