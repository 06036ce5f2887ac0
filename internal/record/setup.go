package record

import (
	"encoding/json"
	"fmt"
	"time"

	"webdyno/internal/evidence"
)

// The structs in this file are host.json, field by field; what is said in
// wire.go holds for them too.

type wireSetup struct {
	Version  int               `json:"version"`
	Began    time.Time         `json:"began"`
	Webdyno  wireBuild         `json:"webdyno"`
	Command  []string          `json:"command"`
	PlanDir  string            `json:"plan_dir,omitempty"`
	Facts    map[string]string `json:"facts"`
	CPUs     wireCPUs          `json:"cpus"`
	Subjects []wireSubject     `json:"subjects"`
	Services []wireSubject     `json:"services,omitempty"`
	Notes    []wireNote        `json:"notes,omitempty"`
}

type wireBuild struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

type wireCPUs struct {
	Engine   []int  `json:"engine"`
	Subjects []int  `json:"subjects"`
	Shared   bool   `json:"shared"`
	Why      string `json:"why"`
}

type wireSubject struct {
	Name    string            `json:"name"`
	Variant map[string]string `json:"variant,omitempty"`
	Command []string          `json:"command,omitempty"`
	Dir     string            `json:"dir,omitempty"`
	Env     []string          `json:"env,omitempty"`
	CPUs    []int             `json:"cpus,omitempty"`
	Tools   map[string]string `json:"tools,omitempty"`
	URL     string            `json:"url,omitempty"`
	Bound   bool              `json:"bound,omitempty"`
	Uses    []string          `json:"uses,omitempty"`
	Modules map[string]string `json:"modules,omitempty"`
	Content map[string]string `json:"content,omitempty"`

	EnvBytes int `json:"env_bytes,omitempty"`

	Skipped string   `json:"skipped,omitempty"`
	Hint    string   `json:"hint,omitempty"`
	Last    []string `json:"last,omitempty"`
}

// encodeSetup returns host.json, indented for people.
func encodeSetup(s *evidence.Setup) ([]byte, error) {
	w := wireSetup{
		Version: Version,
		Began:   s.Began.UTC(),
		Webdyno: wireBuild(s.Webdyno),
		Command: s.Command,
		PlanDir: s.PlanDir,
		Facts:   orEmpty(s.Facts),
		CPUs:    wireCPUs(s.CPUs),
		Notes:   notesOut(s.Notes),
	}
	for _, subject := range s.Subjects {
		w.Subjects = append(w.Subjects, wireSubject(subject))
	}
	for _, service := range s.Services {
		w.Services = append(w.Services, wireSubject(service))
	}
	b, err := marshal(w, "  ")
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("it takes %d bytes, more than the %d that are read back", len(b), maxFile)
	}
	return b, err
}

func decodeSetup(b []byte) (*evidence.Setup, error) {
	if err := checkVersion(b); err != nil {
		return nil, err
	}
	var w wireSetup
	if err := json.Unmarshal(b, &w); err != nil {
		return nil, err
	}
	s := &evidence.Setup{
		Version: w.Version,
		Began:   w.Began.UTC(),
		Webdyno: evidence.Build(w.Webdyno),
		Command: w.Command,
		PlanDir: w.PlanDir,
		Facts:   orEmpty(w.Facts),
		CPUs:    evidence.CPUs(w.CPUs),
		Notes:   notesIn(w.Notes),
	}
	for _, subject := range w.Subjects {
		s.Subjects = append(s.Subjects, evidence.Subject(subject))
	}
	for _, service := range w.Services {
		s.Services = append(s.Services, evidence.Subject(service))
	}
	return s, nil
}
