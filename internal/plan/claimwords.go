package plan

import (
	"fmt"
	"strings"
	"unicode"
)

// A claimWord is a word or a mark of a claim.
type claimWord struct {
	text string
	at   int  // where it begins, in characters from 0
	mark bool // "<=", "[" and so on
	end  bool // stands for the end of the claim
}

// said returns the word as a complaint shows it.
func (w claimWord) said() string {
	if w.end {
		return "the end"
	}
	return show(w.text)
}

// A claimFault is what is wrong with a claim, and where.
type claimFault struct {
	at         int // in characters from 0
	what, want string
}

// claimMarks are the characters that are no part of a word.
const claimMarks = `:,[]/<>='"`

// claimWords takes a claim apart. Blanks separate words; marks stand for
// themselves, with or without blanks around them; quotes hold a level together
// that has blanks or marks in it.
func claimWords(s string) ([]claimWord, *claimFault) {
	var words []claimWord
	rs := []rune(s)
	for i := 0; i < len(rs); {
		c := rs[i]
		switch {
		case unicode.IsSpace(c):
			i++
		case c == '\'' || c == '"':
			n := strings.IndexRune(string(rs[i+1:]), c)
			if n < 0 {
				return nil, &claimFault{i, "a quote is not closed", fmt.Sprintf("want its second %c", c)}
			}
			held := []rune(string(rs[i+1:])[:n])
			words = append(words, claimWord{text: string(held), at: i})
			i += len(held) + 2
		case strings.ContainsRune(claimMarks, c):
			n := 1
			if (c == '<' || c == '>') && i+1 < len(rs) && rs[i+1] == '=' {
				n = 2
			}
			words = append(words, claimWord{text: string(rs[i : i+n]), at: i, mark: true})
			i += n
		default:
			from := i
			for i < len(rs) && !unicode.IsSpace(rs[i]) && !strings.ContainsRune(claimMarks, rs[i]) {
				i++
			}
			words = append(words, claimWord{text: string(rs[from:i]), at: from})
		}
	}
	return append(words, claimWord{at: len(rs), end: true}), nil
}

// claimColumn returns the column of a claim's character in the plan's text, as
// far as it stands there letter by letter; else the column where the claim
// begins.
func (r *reader) claimColumn(line, column int, value string, offset int) int {
	if line < 1 || line > len(r.lines) {
		return column
	}
	source, wanted := []rune(r.lines[line-1]), []rune(value)
	from := column - 1
	if from < 0 || from >= len(source) || offset > len(wanted) {
		return column
	}
	if source[from] == '"' || source[from] == '\'' {
		from++
	}
	if from+offset > len(source) || string(source[from:from+offset]) != string(wanted[:offset]) {
		return column
	}
	return from + offset + 1
}
