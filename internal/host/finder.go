package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Finder finds the programs that subjects need. It runs what it finds to ask
// for versions and modules, once: answers are kept for the Finder's life. The
// zero Finder looks where a server with a clean environment would,
// and nowhere else; its methods may be called from any goroutine. It must not
// be copied.
type Finder struct {
	// Path is a list of folders as in $PATH, looked through first.
	Path string

	mu       sync.Mutex
	pythons  map[string]answer[Interpreter] // by kind and modules
	usual    map[string]string              // the interpreter of wishes without modules, by kind
	commands map[string]answer[Program]
	versions map[string]answer[map[string]string] // of modules, by who was asked for which
	hashes   map[string]string                    // of programs
}

type answer[T any] struct {
	value T
	err   error
}

// A Program is an executable file.
type Program struct {
	Path    string
	Version string // the first line it prints about itself; "" if it prints none
}

// A MissingError says that this machine lacks something.
type MissingError struct {
	What   string // "python3 with uvloop and httptools"
	Reason string // what was tried, and how it ended
	Hint   string // the one command that would mend it; "" if none is known
}

func (e *MissingError) Error() string { return e.What + ": " + e.Reason }

// systemDirs are where Debian keeps programs, servers included.
var systemDirs = [...]string{"/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/bin", "/sbin"}

// folders are all that are looked through, in order, each once.
func (f *Finder) folders() []string {
	var dirs []string
	for _, dir := range slices.Concat(filepath.SplitList(f.Path), systemDirs[:]) {
		if dir != "" && filepath.IsAbs(dir) && !slices.Contains(dirs, filepath.Clean(dir)) {
			dirs = append(dirs, filepath.Clean(dir))
		}
	}
	return dirs
}

// Command returns where the program called name is, and what it says of its
// version. A name with a slash is taken as it stands.
func (f *Finder) Command(name string) (path, version string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, ok := f.commands[name]; ok {
		return a.value.Path, a.value.Version, a.err
	}
	var a answer[Program]
	if a.value.Path = f.look(name); a.value.Path != "" {
		a.value.Version = version1(a.value.Path)
	} else {
		a.err = f.noCommand(name)
	}
	if f.commands == nil {
		f.commands = map[string]answer[Program]{}
	}
	f.commands[name] = a
	return a.value.Path, a.value.Version, a.err
}

// Hash returns what tells a program's bytes from others, as [HashOf] does; "" if
// they cannot be read.
func (f *Finder) Hash(file string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if hash, ok := f.hashes[file]; ok {
		return hash
	}
	hash := ""
	if executable(file) {
		hash, _ = HashOf(file) // unread, it is not told
	}
	if f.hashes == nil {
		f.hashes = map[string]string{}
	}
	f.hashes[file] = hash
	return hash
}

func (f *Finder) look(name string) string {
	if strings.Contains(name, "/") {
		if executable(name) {
			return name
		}
		return ""
	}
	for _, dir := range f.folders() {
		if file := filepath.Join(dir, name); executable(file) {
			return file
		}
	}
	return ""
}

func (f *Finder) noCommand(name string) error {
	e := &MissingError{
		What:   "program " + name,
		Reason: "not found in " + strings.Join(f.folders(), ":"),
	}
	if pkg := commandPackage(filepath.Base(name)); pkg != "" {
		e.Hint = "apt-get install -y " + pkg
	}
	return e
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// version1 returns the first line that a program prints when asked for its
// version.
func version1(file string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, _ := output(ctx, "/", os.Environ(), file, versionFlag(filepath.Base(file)))
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" {
			return line[:min(len(line), 200)]
		}
	}
	return ""
}

// versionFlag is what makes a program print its version. Most know --version.
func versionFlag(name string) string {
	switch name {
	case "nginx", "haproxy", "apache2", "lighttpd":
		return "-v"
	case "caddy", "go":
		return "version"
	}
	return "--version"
}

// output runs a program in a folder to its end, or kills it and what it has
// started when ctx ends, and returns what it printed, 64 KiB at most.
func output(ctx context.Context, dir string, env []string, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a grandchild may hold the pipe
	var out head
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("gave no answer in time: %w", ctx.Err())
	}
	return out.String(), err
}

// head keeps the beginning of what is written to it.
type head struct{ strings.Builder }

func (h *head) Write(b []byte) (int, error) {
	const most = 64 << 10
	h.Builder.Write(b[:min(len(b), most-h.Len())])
	return len(b), nil
}
