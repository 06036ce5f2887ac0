package evidence

import "time"

// A Setup is what was true of the whole run before its first trial: the
// machine, the instrument, and every subject as it was to be started. It is
// the record's host.json.
type Setup struct {
	Version int       `json:"version"` // of the record's format: 1
	Began   time.Time `json:"began"`
	Webdyno Build     `json:"webdyno"`
	Command []string  `json:"command"`            // the command line that started the run
	PlanDir string    `json:"plan_dir,omitempty"` // the folder of the plan's file; empty for a plan that ships

	// Facts describe the machine: "cpu.model", "kernel.release",
	// "sysctl.net.core.somaxconn". What could not be read is "unavailable".
	Facts map[string]string `json:"facts"`

	CPUs     CPUs      `json:"cpus"`
	Subjects []Subject `json:"subjects"`
	Services []Subject `json:"services,omitempty"` // what runs beside the subjects, described like them
	Notes    []Note    `json:"notes,omitempty"`    // that hold for every trial
}

// Build identifies the webdyno that measured.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// CPUs says who was given which processors, and why.
type CPUs struct {
	Engine   []int  `json:"engine"`
	Subjects []int  `json:"subjects"` // those that subjects are given from
	Shared   bool   `json:"shared"`   // the two overlap, for want of processors
	Why      string `json:"why"`
}

// A Subject is one variant of a subject, as this machine would start it.
type Subject struct {
	Name    string            `json:"name"`
	Variant map[string]string `json:"variant,omitempty"`
	Command []string          `json:"command,omitempty"` // {port} stands for the port of each start
	Dir     string            `json:"dir,omitempty"`
	Env     []string          `json:"env,omitempty"` // all of it: subjects inherit nothing; values that may be secret are not told
	CPUs    []int             `json:"cpus,omitempty"`
	Tools   map[string]string `json:"tools,omitempty"` // "python": "/usr/bin/python3 (CPython 3.11.2)"
	URL     string            `json:"url,omitempty"`   // of a subject that is already running
	Bound   bool              `json:"bound,omitempty"`
	Uses    []string          `json:"uses,omitempty"` // the services it needs

	// Modules are what its interpreter imports, with the environment of the
	// subject: "uvloop": "0.17.0, /usr/lib/python3/dist-packages/uvloop/__init__.py".
	// Those of node stand beside them.
	Modules map[string]string `json:"modules,omitempty"`

	// Content tells code that has changed from code that has not: "folder" is
	// where it starts, "build" what was built for it, each as "sha256:" and the
	// first 16 hexadecimal digits of a SHA-256 of all names and bytes.
	Content map[string]string `json:"content,omitempty"`

	// EnvBytes is what the environment takes in memory, each variable with the zero
	// byte that ends it: it moves the stack, and so what depends on alignment. 0 of a
	// subject that was running already.
	EnvBytes int `json:"env_bytes,omitempty"`

	// Skipped says why this machine cannot run the subject, Hint the one
	// command or change that would mend it. Both are empty if it can.
	Skipped string `json:"skipped,omitempty"`
	Hint    string `json:"hint,omitempty"`

	Last []string `json:"last,omitempty"` // the last lines of a build that failed
}
