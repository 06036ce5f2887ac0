// Gallery draws docs/gallery.md and its pictures from records of the plans that
// ship: it opens each record's report in a browser that nobody sees and has the
// page save its own figures.
//
//	go run . -webdyno ../../bin/webdyno -o ../../docs RECORD…
//
// It is a module of its own, so that webdyno needs no browser's protocol.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// A limit on what a picture may weigh, that the repository stays small.
const mostBytes = 60 << 10

func main() {
	webdyno := flag.String("webdyno", "webdyno", "the program that draws reports")
	out := flag.String("o", "docs", "folder of gallery.md; pictures go to gallery below it")
	flag.Parse()
	if err := draw(*webdyno, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gallery:", err)
		os.Exit(1)
	}
}

// draw makes the gallery of some records, in their order.
func draw(webdyno, out string, records []string) error {
	if len(records) == 0 {
		return errors.New("which records? Name the folders that \"webdyno run\" wrote")
	}
	browser, quit, err := open()
	if err != nil {
		return err
	}
	defer quit()
	if err := os.MkdirAll(filepath.Join(out, "gallery"), 0o755); err != nil {
		return err
	}
	var rooms []room
	seen := map[string]string{}
	for _, record := range records {
		r, err := visit(browser, webdyno, record)
		if err != nil {
			return fmt.Errorf("%s: %w", record, err)
		}
		if other, ok := seen[r.name()]; ok {
			return fmt.Errorf("%s and %s are both of %s: one of them will do", other, record, r.name())
		}
		seen[r.name()] = record
		for _, p := range r.pictures {
			if err := os.WriteFile(filepath.Join(out, "gallery", p.file), p.svg, 0o644); err != nil {
				return err
			}
		}
		rooms = append(rooms, r)
	}
	return os.WriteFile(filepath.Join(out, "gallery.md"), page(rooms), 0o644)
}

// open starts a browser, and returns the context of its page and what ends both.
func open() (context.Context, func(), error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.WindowSize(width, height))
	if os.Geteuid() == 0 { // whom Chromium's sandbox refuses
		options = append(options, chromedp.NoSandbox)
	}
	ctx, free := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(ctx)
	quit := func() { leave(); free() }
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		quit()
		return nil, nil, fmt.Errorf("start a browser (apt install chromium): %w", err)
	}
	return ctx, quit, nil
}
