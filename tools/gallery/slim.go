package main

import (
	"regexp"
	"strings"
)

// The page writes into every element all that its style sheet says of it. What an
// element would have from the one around it anyway is taken out again.

var (
	tags       = regexp.MustCompile(`<(/?)([A-Za-z]+)((?:\s+[^\s=>]+="[^"]*")*)\s*(/?)>`)
	attributes = regexp.MustCompile(`\s+([^\s=>]+)="([^"]*)"`)
	decimals   = regexp.MustCompile(`(\d+\.\d{2})\d+`)
)

// initial are the properties that are handed down, and what they are at first.
var initial = map[string]string{
	"fill": "rgb(0, 0, 0)", "stroke": "none", "stroke-width": "1px", "stroke-dasharray": "none", "stroke-linecap": "butt", "stroke-linejoin": "miter",
	"fill-opacity": "1", "stroke-opacity": "1", "font-family": "", "font-size": "", "font-weight": "400", "text-anchor": "start",
	"dominant-baseline": "auto", "paint-order": "normal", "visibility": "visible",
}

// slim returns an SVG that looks the same and takes less room.
func slim(svg string) string {
	around := []map[string]string{initial}
	return tags.ReplaceAllStringFunc(svg, func(tag string) string {
		m := tags.FindStringSubmatch(tag)
		if m[1] == "/" {
			around = around[:max(1, len(around)-1)]
			return "</" + m[2] + ">"
		}
		outer, here := around[len(around)-1], map[string]string{}
		for name, value := range outer {
			here[name] = value
		}
		var b strings.Builder
		b.WriteString("<" + m[2])
		for _, a := range attributes.FindAllStringSubmatch(m[3], -1) {
			name, value := a[1], a[2]
			if _, down := initial[name]; down {
				here[name] = value
			}
			if worthless(name, value, outer) {
				continue
			}
			if name != "font-family" && name != "aria-label" {
				value = decimals.ReplaceAllString(value, "$1")
			}
			b.WriteString(" " + name + `="` + value + `"`)
		}
		if m[4] == "/" {
			return b.String() + "/>"
		}
		around = append(around, here)
		return b.String() + ">"
	})
}

// worthless tells whether an attribute changes nothing in a picture.
func worthless(name, value string, outer map[string]string) bool {
	if was, down := outer[name]; down {
		return was == value
	}
	return name == "opacity" && value == "1" || name == "tabindex" || strings.HasPrefix(name, "data-")
}
