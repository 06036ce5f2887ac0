package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// pilotsKept is how long what a pilot has shown is believed: a machine changes in
// ways that no fact tells.
const pilotsKept = 30 * 24 * time.Hour

const (
	pilotVersion = 1 // of the rule: what an older one has shown is not taken over
	mostPilot    = 64 << 10
	pilotSuffix  = ".json"
)

// A PilotShelf keeps what pilots have shown in a folder, each in a file whose name
// is a hash of the subject, of what it is asked, and of the machine. A file that
// cannot be read, is too old, or is another's is as good as none, and one that
// cannot be written is not missed.
type PilotShelf struct {
	dir  string
	keys map[string]string // by name of the entry
}

// pilotNote is what such a file holds: what was hashed is in it, for people.
type pilotNote struct {
	Version int            `json:"version"`
	Key     string         `json:"key"`
	Subject string         `json:"subject"`
	Pilot   evidence.Pilot `json:"pilot"`
}

// Pilots returns the shelf in dir for the variants that were prepared; nil where
// dir is empty. facts are the machine's.
func (q *Equipment) Pilots(dir string, p *plan.Plan, prepared *Prepared, facts map[string]string) PilotStore {
	if dir == "" {
		return nil
	}
	shelf := &PilotShelf{dir: dir, keys: map[string]string{}}
	for i := range prepared.Entries {
		e := &prepared.Entries[i]
		if key, err := q.pilotKey(p, prepared.launches[e.Index], &prepared.Subjects[e.Index], facts); err == nil {
			shelf.keys[e.Name] = key
		}
	}
	return shelf
}

// pilotKey hashes all that a pilot depends on: the subject as it is started, the
// code it consists of, what the plan asks of it, and the machine. Where this run
// has unpacked things is left out, or no later one would find it.
func (q *Equipment) pilotKey(p *plan.Plan, l *launch, s *evidence.Subject, facts map[string]string) (string, error) {
	if s.URL != "" {
		return "", fmt.Errorf("what runs at %s is not known", s.URL)
	}
	subject := *s
	subject.Last = nil
	in := []any{pilotVersion, subject, p.Workload, p.Factors, p.Load, p.Services, p.CPUs}
	for _, f := range []string{"cpu.model", "kernel.release", "cpu.microcode", "cpu.allowed", "memory.total"} {
		in = append(in, facts[f])
	}
	if dir := l.command.Dir; dir != "" && dir != q.Scratch {
		content, err := contentOf(dir, sources)
		if err != nil {
			return "", err
		}
		in = append(in, content)
	}
	for _, program := range programs(l, s) {
		info, err := os.Stat(program)
		if err == nil {
			in = append(in, program, info.Size(), info.ModTime().UnixNano())
		}
	}
	text, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	neutral := strings.ReplaceAll(string(text), q.Scratch, "{scratch}")
	sum := sha256.Sum256([]byte(neutral))
	return hex.EncodeToString(sum[:12]), nil
}

// programs are the files that a subject's command names, webdyno among them where
// that serves.
func programs(l *launch, s *evidence.Subject) []string {
	var all []string
	for _, a := range s.Command {
		if filepath.IsAbs(a) {
			all = append(all, a)
		} else if strings.ContainsRune(a, filepath.Separator) {
			all = append(all, filepath.Join(l.command.Dir, a))
		}
	}
	return all
}

// Pilot returns what is kept of e, if it is sound.
func (s *PilotShelf) Pilot(e *Entry) (evidence.Pilot, bool) {
	key := s.keys[e.Name]
	if key == "" {
		return evidence.Pilot{}, false
	}
	path := filepath.Join(s.dir, key+pilotSuffix)
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostPilot {
		return evidence.Pilot{}, false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return evidence.Pilot{}, false
	}
	p, err := readPilot(text, key)
	if err != nil || time.Since(p.Began) > pilotsKept || time.Since(p.Began) < -time.Hour {
		return evidence.Pilot{}, false
	}
	return p, true
}

// readPilot reads such a file and checks that it makes sense.
func readPilot(text []byte, key string) (evidence.Pilot, error) {
	var n pilotNote
	if err := json.Unmarshal(text, &n); err != nil {
		return evidence.Pilot{}, err
	}
	p := n.Pilot
	switch {
	case n.Version != pilotVersion || n.Key != key:
		return evidence.Pilot{}, fmt.Errorf("version %d of key %q", n.Version, n.Key)
	case !slices.Contains([]string{"flat", "warms-up", "slows-down", "never-steady", "drifting"}, p.Course):
		return evidence.Pilot{}, fmt.Errorf("no course %q", p.Course)
	case p.Warm < 0 || p.Lasted <= 0 || p.Lasted > time.Hour || p.Warm > p.Lasted:
		return evidence.Pilot{}, fmt.Errorf("steady after %v of %v", p.Warm, p.Lasted)
	}
	p.Kept, p.Here = false, false
	return p, nil
}

// KeepPilot writes down what a pilot has shown: the file appears whole, or not at
// all.
func (s *PilotShelf) KeepPilot(e *Entry, p evidence.Pilot) {
	key := s.keys[e.Name]
	if key == "" {
		return
	}
	text, err := json.MarshalIndent(pilotNote{pilotVersion, key, e.Name, p}, "", "  ")
	if err != nil || os.MkdirAll(s.dir, 0o755) != nil {
		return
	}
	s.tidy()
	f, err := os.CreateTemp(s.dir, ".new-")
	if err != nil {
		return
	}
	_, err = f.Write(append(text, '\n'))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.dir, key+pilotSuffix))
	}
	if err != nil {
		os.Remove(f.Name())
	}
}

// tidy removes what nobody will believe any more.
func (s *PilotShelf) tidy() {
	entries, _ := os.ReadDir(s.dir)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > pilotsKept {
			os.Remove(filepath.Join(s.dir, e.Name()))
		}
	}
}

// compilesLate tells whether a subject is run by a program that compiles what it
// runs while it runs it: by its command, its interpreter, or what it needs.
func compilesLate(s *evidence.Subject) bool {
	names := slices.Clone(s.Command)
	for _, tool := range s.Tools {
		names = append(names, strings.Fields(tool)...)
	}
	for i, n := range names {
		if i < len(s.Command) && i > 0 && !filepath.IsAbs(n) {
			continue // an argument
		}
		if plan.CompilesLate(strings.TrimLeft(filepath.Base(n), "(")) {
			return true
		}
	}
	return false
}
