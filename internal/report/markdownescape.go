package report

import (
	"regexp"
	"strings"
)

// wordJoiner is a character without width. Behind @, # and the colon of an emoji's
// name it keeps GitHub, which looks for these after the Markdown is rendered, from
// notifying somebody, linking an issue, drawing a picture.
const wordJoiner = "\u200b"

// escaped makes a text stand for itself in Markdown, in a cell of a table too:
// names and values of a record may come from strangers.
func escaped(s string) string {
	s = printable(strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " "))
	s = strings.NewReplacer(
		"\\", `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
		"|", `\|`, "~", `\~`, "#", "#"+wordJoiner, "@", "@"+wordJoiner, "$", "<span>$</span>",
	).Replace(s)
	return emoji(s)
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

var starts = regexp.MustCompile(`^([-+=]|\d+[.)])`)

// paragraphed is an escaped sentence that may stand at the start of a line, where
// a dash or a number with a full stop would begin a list.
func paragraphed(s string) string {
	s = escaped(shorten(s, mostSentence))
	if m := starts.FindString(s); m != "" {
		return s[:len(m)-1] + `\` + s[len(m)-1:]
	}
	return s
}

// inCode makes a text stand between two backquotes in a cell of a table: there
// nothing can be escaped but the bar, and a backquote becomes another.
func inCode(s string) string {
	s = printable(strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " "))
	return strings.NewReplacer("`", "ˋ", "|", `\|`).Replace(shorten(s, mostCell))
}
