package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"webdyno/internal/report"
)

func write(text string, err error) func(*report.LoadResult, io.Writer) error {
	return func(_ *report.LoadResult, w io.Writer) error {
		_, e := io.WriteString(w, text)
		return errors.Join(err, e)
	}
}

func contents(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// inFolder returns the names in a folder, those that hide included.
func inFolder(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// Until a file is whole, a reader finds what was there before; and nothing else
// is left, whether all went well or not.
func TestResultFileIsWholeOrNotThere(t *testing.T) {
	folder := t.TempDir()
	old, link := filepath.Join(folder, "old"), filepath.Join(folder, "link")
	if err := errors.Join(os.WriteFile(old, []byte("before"), 0o600), os.Symlink("old", link)); err != nil {
		t.Fatal(err)
	}
	open := func(name string, err error) resultFiles {
		var c complaints
		var files resultFiles
		files.add(&c, "--csv", name, write("after", err))
		if err := errors.Join(c.err(), files.open(io.Discard)); err != nil {
			t.Fatal(err)
		}
		return files
	}

	files := open(old, nil)
	files.discard()
	if got := contents(t, old); got != "before" {
		t.Errorf("given up: %q", got)
	}
	full := errors.New("no space left on device")
	files = open(old, full)
	if err := files.fill(nil); !errors.Is(err, full) || !strings.HasPrefix(err.Error(), "--csv "+old+": ") {
		t.Errorf("got %v", err)
	}
	files.discard()
	if got := contents(t, old); got != "before" {
		t.Errorf("failed: %q", got)
	}
	files = open(link, nil)
	if got := contents(t, old); got != "before" {
		t.Errorf("opened: %q", got)
	}
	if err := files.fill(nil); err != nil || contents(t, old) != "after" {
		t.Errorf("through a link: %v, %q", err, contents(t, old))
	}
	if got := inFolder(t, folder); got != "link old" {
		t.Errorf("left: %s", got)
	}
}

// A path that does not do is known at once, and is the command line's fault.
func TestResultFileThatCannotBe(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	result, err := os.OpenFile(plain, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	for name, want := range map[string]string{
		folder:                           "is a directory",
		filepath.Join(folder, "no", "x"): "no such file or directory",
		filepath.Join(plain, "x"):        "not a directory",
		filepath.Join(folder, strings.Repeat("a", 300)): "file name too long",
		plain: "standard output goes there",
		pipe:  "nobody reads from this pipe",
		"-":   "standard output is for the result",
	} {
		var c complaints
		var files resultFiles
		files.add(&c, "--hgrm", name, write("", nil))
		err := c.err()
		if err == nil {
			err = files.open(result)
		}
		files.discard()
		if usage := (usageError{}); !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	var c complaints
	var files resultFiles
	for _, flag := range []string{"--csv", "--hlog"} {
		files.add(&c, flag, filepath.Join(folder, "same"), write("", nil))
		files.add(&c, flag, "/dev/null", write("", nil))
	}
	if want := "--csv and --hlog: both want " + filepath.Join(folder, "same"); len(c) != 1 || c[0] != want {
		t.Errorf("got %q, want %q", c, want)
	}
	if got := inFolder(t, folder); got != "pipe plain" {
		t.Errorf("left: %s", got)
	}
}

// A device stays what it is: it is written to, and not replaced.
func TestResultFileOnDevice(t *testing.T) {
	var c complaints
	var files resultFiles
	files.add(&c, "--csv", "/dev/null", write("x", nil))
	files.add(&c, "--hlog", "/dev/full", write("x", nil))
	if err := files.open(io.Discard); err != nil {
		t.Skip(err)
	}
	err := files.fill(nil)
	if err == nil || err.Error() != "--hlog /dev/full: no space left on device" {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"/dev/null", "/dev/full"} {
		if info, err := os.Stat(name); err != nil || info.Mode()&os.ModeDevice == 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// What was measured before a signal is kept, in the files as in the result.
func TestSignalLeavesFiles(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "seconds.csv")
	var out strings.Builder
	// Under this name the test binary is webdyno; see TestMain.
	cmd := &exec.Cmd{Path: self, Stdout: &out,
		Args: []string{"webdyno", "load", "-c", "1", "-d", "60", "--progress", "--csv", file, server.URL}}
	lines, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first, _ := bufio.NewReader(lines).ReadString('\n')
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, lines)
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 130 || !strings.HasPrefix(first, "window, ") || !strings.Contains(out.String(), "p50") {
		t.Errorf("exit status %d, want 130; %q; %s", got, first, out.String())
	}
	if rows := contents(t, file); strings.Count(rows, "\n") < 2 || inFolder(t, folder) != "seconds.csv" {
		t.Errorf("%q in a folder with %s", rows, inFolder(t, folder))
	}
}

// A second signal ends the process at once; unfinished files go with it.
func TestForsakenFiles(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := withSignals(t.Context())
	defer stop()
	fs := resultFiles{{flag: "--csv", name: filepath.Join(dir, "seconds.csv"), write: write("whole", nil)}}
	if err := fs.open(io.Discard); err != nil {
		t.Fatal(err)
	}
	forget := beforeExit(ctx, fs.forsake)
	last := ctx.Value(partingsKey{}).(*partings)
	last.all()
	if got := inFolder(t, dir); got != "" {
		t.Errorf("%s is left", got)
	}
	forget()
	fs.discard()

	fs = resultFiles{{flag: "--csv", name: filepath.Join(dir, "seconds.csv"), write: write("whole", nil)}}
	if err := errors.Join(fs.open(io.Discard), fs.fill(nil)); err != nil {
		t.Fatal(err)
	}
	defer beforeExit(ctx, fs.forsake)()
	last.all()
	if got := inFolder(t, dir); got != "seconds.csv" {
		t.Errorf("the folder holds %q; want what was finished", got)
	}
}
