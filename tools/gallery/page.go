package main

import (
	"bytes"
	"fmt"
	"strings"
)

// page is gallery.md.
func page(rooms []room) []byte {
	var b bytes.Buffer
	b.WriteString("# The gallery\n\n" +
		"Pictures out of reports of the plans that ship, with the command that measured\n" +
		"each. `make gallery RECORDS=…` draws them again, from any records; in a record's\n" +
		"own `report.html` they answer to the mouse, and every one has its numbers, a CSV\n" +
		"and an SVG.\n")
	for _, r := range rooms {
		r.show(&b)
	}
	return b.Bytes()
}

func (r room) show(b *bytes.Buffer) {
	title := plain(r.report.Title)
	if r.preset != "" {
		title += ", preset " + plain(r.preset)
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	fmt.Fprintf(b, "```sh\n%s\n```\n", strings.ReplaceAll(r.command, "\n", " "))
	if len(r.report.Answer) > 0 {
		fmt.Fprintf(b, "\n%s\n", plain(r.report.Answer[0]))
	}
	for _, p := range r.pictures {
		fmt.Fprintf(b, "\n![%s](gallery/%s)\n", plain(p.title), p.file)
		if p.caption != "" {
			fmt.Fprintf(b, "\n%s\n", plain(p.caption))
		}
	}
	fmt.Fprintf(b, "\n<sub>%s</sub>\n", plain(r.origin()))
}

// origin says where the pictures are from, and how far they may be trusted.
func (r room) origin() string {
	began, _, _ := strings.Cut(r.report.Method.Began, "T")
	s := fmt.Sprintf("%s; webdyno %s; %s", r.report.Method.Machine, r.report.Method.Webdyno, began)
	if r.report.Publishable {
		return s + ". Publishable."
	}
	return s + ". Not publishable: " + strings.Join(r.report.WhyNot, "; ") + "."
}

// plain keeps a text from meaning anything in Markdown.
func plain(s string) string {
	return strings.NewReplacer("\\", `\\`, "`", "\\`", "*", `\*`, "[", `\[`, "]", `\]`, "<", `\<`, "|", `\|`).Replace(s)
}
