package report

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// wordJoiner is a character without width. Behind @, # and the colon of an emoji's
// name it keeps GitHub, which looks for these after the Markdown is rendered, from
// notifying somebody, linking an issue, drawing a picture.
const wordJoiner = "\u200b"

// escaped makes a text stand for itself in Markdown, in a cell of a table too:
// names and values of a record may come from strangers. An underscore within a
// word means nothing there, and stays readable.
func escaped(s string) string {
	s = strings.NewReplacer(
		"\\", `\\`, "`", "\\`", "*", `\*`, "[", `\[`, "]", `\]`,
		"|", `\|`, "~", `\~`, "#", "#"+wordJoiner, "@", "@"+wordJoiner, "$", "<span>$</span>",
	).Replace(tags.ReplaceAllString(entities.ReplaceAllString(oneLine(s), "&amp;$1"), "&lt;$1"))
	return emoji(underscored(s))
}

// Where a & begins an entity, and a < a tag. Elsewhere they are what they are, and
// an objective such as p99<10ms stays readable.
var (
	entities = regexp.MustCompile(`&([A-Za-z#])`)
	tags     = regexp.MustCompile(`<([A-Za-z/!?])`)
)

// underscored escapes the underscores that do not stand between two letters or
// digits.
func underscored(s string) string {
	r := []rune(s)
	inWord := func(i int) bool {
		return i >= 0 && i < len(r) && (unicode.IsLetter(r[i]) || unicode.IsDigit(r[i]))
	}
	var b strings.Builder
	for i, c := range r {
		if c == '_' && (!inWord(i-1) || !inWord(i+1)) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// oneLine is a text without what would end a line or move a cursor.
func oneLine(s string) string {
	return printable(strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " "))
}

// inHTML makes a text stand for itself between two tags on a line of their own,
// where Markdown means nothing.
func inHTML(s string) string {
	return emoji(strings.NewReplacer("#", "#"+wordJoiner, "@", "@"+wordJoiner).Replace(html.EscapeString(oneLine(s))))
}

// escapedSentence is escaped for our own sentences, whose stars and backquotes
// mean what they do in Markdown.
func escapedSentence(s string) string {
	return emoji(strings.NewReplacer(
		"_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "|", `\|`,
		"#", "#"+wordJoiner, "@", "@"+wordJoiner, "\n", " ", "\r", " ",
	).Replace(s))
}

var emojis = regexp.MustCompile(`:([a-z0-9_+\\-]+:)`)

func emoji(s string) string { return emojis.ReplaceAllString(s, ":"+wordJoiner+"$1") }

var starts = regexp.MustCompile(`^([-+=>]|\d+[.)])`)

// paragraphed is an escaped sentence that may stand at the start of a line, where
// a dash or a number with a full stop would begin a list.
func paragraphed(s string) string {
	s = escaped(shorten(s, mostSentence))
	if m := starts.FindString(s); m != "" {
		return s[:len(m)-1] + `\` + s[len(m)-1:]
	}
	return s
}
