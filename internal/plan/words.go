package plan

import (
	"errors"
	"strings"
)

// SplitWords splits a command line into arguments as a shell would, without
// anything else that a shell does: spaces separate, single quotes hold
// everything, double quotes everything but \" \\ \$ and \`, a backslash
// elsewhere holds the next character.
func SplitWords(s string) ([]string, error) {
	var (
		words  []string
		word   strings.Builder
		inWord bool
		quote  rune
		held   bool // a backslash came before
	)
	for _, c := range s {
		switch {
		case held:
			if quote == '"' && !strings.ContainsRune("\"\\$`", c) {
				word.WriteByte('\\')
			}
			word.WriteRune(c)
			held = false
		case c == '\\' && quote != '\'':
			held, inWord = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case strings.ContainsRune(" \t\r\n", c):
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed: want its second " + string(quote))
	}
	if held {
		return nil, errors.New("a backslash stands at the end: want something behind it")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
