package host

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"webdyno/internal/evidence"
)

// machineOf is a root folder with CPUs. cores and caches list the CPUs that
// share one, groups separated by blanks: "0,4 1,5". An empty list describes
// none, as virtual machines do.
func machineOf(t *testing.T, allowed, cores, caches string) fstest.MapFS {
	t.Helper()
	root := fstest.MapFS{}
	put := func(name, text string) { root[name] = &fstest.MapFile{Data: []byte(text + "\n")} }
	put("proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t"+allowed)
	groups := func(list string, put func(cpu int, group string)) {
		for _, group := range strings.Fields(list) {
			cpus, err := ParseList(group)
			if err != nil {
				t.Fatal(err)
			}
			for _, cpu := range cpus {
				put(cpu, group)
			}
		}
	}
	groups(cores, func(cpu int, group string) {
		put(fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu), group)
	})
	groups(caches, func(cpu int, group string) {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/cache/index", cpu)
		for i, c := range []struct{ level, kind, shared string }{
			{"1", "Data", fmt.Sprint(cpu)}, {"1", "Instruction", fmt.Sprint(cpu)}, {"3", "Unified", group}, {"2", "Unified", fmt.Sprint(cpu)},
		} {
			put(fmt.Sprintf("%s%d/level", dir, i), c.level)
			put(fmt.Sprintf("%s%d/type", dir, i), c.kind)
			put(fmt.Sprintf("%s%d/shared_cpu_list", dir, i), c.shared)
		}
	})
	return root
}

func TestAssign(t *testing.T) {
	tests := []struct {
		name                   string
		allowed, cores, caches string
		want                   int
		all                    bool
		engine, subjects       []int
		shared                 bool
		why                    string
	}{
		{name: "one CPU", allowed: "0", want: 1,
			engine: []int{0}, subjects: []int{0}, shared: true, why: "only one CPU"},
		{name: "two", allowed: "0-1", cores: "0 1", caches: "0-1", want: 1,
			engine: []int{1}, subjects: []int{0}, why: "one last-level cache"},
		{name: "two threads of one core", allowed: "0-1", cores: "0-1", caches: "0-1", want: 1,
			engine: []int{0, 1}, subjects: []int{0, 1}, shared: true, why: "not split"},
		{name: "two, all wanted", allowed: "0-1", cores: "0 1", caches: "0-1", all: true,
			engine: []int{1}, subjects: []int{0, 1}, shared: true, why: "all 2 CPUs"},
		{name: "two, two wanted", allowed: "0-1", cores: "0 1", caches: "0-1", want: 2,
			engine: []int{1}, subjects: []int{0, 1}, shared: true, why: "wants 2 of 2"},
		{name: "eight, nothing known", allowed: "0-7",
			engine: []int{6, 7}, subjects: []int{0, 1, 2, 3, 4, 5}, why: "one last-level cache"},
		{name: "eight, seven wanted: the engine gives way", allowed: "0-7", want: 7,
			engine: []int{7}, subjects: []int{0, 1, 2, 3, 4, 5, 6}},
		{name: "two caches", allowed: "0-7", cores: "0 1 2 3 4 5 6 7", caches: "0-3 4-7", want: 4,
			engine: []int{6, 7}, subjects: []int{0, 1, 2, 3}, why: "share no last-level cache"},
		{name: "two caches, more wanted than one has", allowed: "0-7", cores: "0 1 2 3 4 5 6 7", caches: "0-3 4-7", want: 5,
			engine: []int{6, 7}, subjects: []int{0, 1, 2, 3, 4, 5}, why: "for want of CPUs"},
		{name: "two caches, interleaved", allowed: "0-7", cores: "0 1 2 3 4 5 6 7", caches: "0,2,4,6 1,3,5,7", want: 2,
			engine: []int{5, 7}, subjects: []int{0, 2, 4, 6}, why: "share no last-level cache"},
		{name: "two small caches each", allowed: "0-3", cores: "0 1 2 3", caches: "0-1 2-3", want: 1,
			engine: []int{3}, subjects: []int{0, 1}},
		{name: "threads of a core stay together", allowed: "0-7", cores: "0,4 1,5 2,6 3,7", caches: "0-7", want: 3,
			engine: []int{3, 7}, subjects: []int{0, 1, 2, 4, 5, 6}, why: "no core is split"},
		{name: "threads next to each other", allowed: "0-3", cores: "0-1 2-3", caches: "0-3", want: 1,
			engine: []int{2, 3}, subjects: []int{0, 1}},
		{name: "a cpuset", allowed: "2-3,9", want: 1,
			engine: []int{9}, subjects: []int{2, 3}},
		{name: "a cpuset that cuts cores", allowed: "1,2,5", cores: "0,4 1,5 2,6 3,7", caches: "0-7", want: 1,
			engine: []int{2}, subjects: []int{1, 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			topology, err := ReadTopology(machineOf(t, tt.allowed, tt.cores, tt.caches))
			if err != nil {
				t.Fatal(err)
			}
			got := Assign(topology, tt.want, tt.all)
			want := evidence.CPUs{Engine: tt.engine, Subjects: tt.subjects, Shared: tt.shared, Why: got.Why}
			if !reflect.DeepEqual(got, want) || !strings.Contains(got.Why, tt.why) {
				t.Errorf("got %+v\nwant %+v, because %q", got, want, tt.why)
			}
		})
	}
}

// A machine that does not say which CPUs it has gives nobody any, and says so:
// an empty list is an order not to confine.
func TestAssignNothing(t *testing.T) {
	got := Assign(nil, 3, false)
	if len(got.Engine) != 0 || len(got.Subjects) != 0 || !got.Shared || !strings.Contains(got.Why, "nothing is confined") {
		t.Errorf("got %+v; want nothing confined, and that it is said", got)
	}
}

// Whatever the machine: no CPU that is not ours, none in both hands unless
// that is said, no core split, and a subject can have what it wants.
func TestAssignKeepsItsWord(t *testing.T) {
	for cpus := 1; cpus <= 24; cpus++ {
		for threads := 1; threads <= 2; threads++ {
			for perCache := 2; perCache <= 8; perCache *= 2 {
				var topology Topology
				for id := range cpus {
					topology = append(topology, CPU{ID: id, Core: id / threads * threads, Cache: id / perCache * perCache})
				}
				for want := 0; want <= cpus; want++ {
					check(t, topology, want, Assign(topology, want, false))
				}
			}
		}
	}
}

func check(t *testing.T, topology Topology, want int, got evidence.CPUs) {
	t.Helper()
	bad := func(what string) { t.Fatalf("%d of %v: %s: %+v", want, topology, what, got) }
	core := map[int]int{}
	for _, c := range topology {
		core[c.ID] = c.Core
	}
	inEngine, engineCores := map[int]bool{}, map[int]bool{}
	for _, id := range got.Engine {
		if _, ok := core[id]; !ok {
			bad("the engine has a CPU that is not there")
		}
		inEngine[id], engineCores[core[id]] = true, true
	}
	overlap := false
	for _, id := range got.Subjects {
		overlap = overlap || inEngine[id]
		if !got.Shared && engineCores[core[id]] {
			bad("a core is split")
		}
	}
	switch {
	case overlap != got.Shared:
		bad("shared is not what it says")
	case len(got.Engine) == 0 || len(got.Subjects) == 0 || len(got.Subjects) < want:
		bad("somebody has too little")
	case got.Why == "":
		bad("no reason")
	}
}

func TestParseList(t *testing.T) {
	for text, want := range map[string][]int{
		"0": {0}, "0-3": {0, 1, 2, 3}, "0-1,8,10-11\n": {0, 1, 8, 10, 11}, "3,1": {1, 3}, "": nil,
	} {
		got, err := ParseList(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, bad := range []string{"a", "1-", "-1", "3-1", "0-99999999999", "1,,x"} {
		if got, err := ParseList(bad); err == nil {
			t.Errorf("%q is %v; want an error", bad, got)
		}
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("0-3,8,10-11")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			return
		}
		ids, err := ParseList(text)
		if err != nil {
			return
		}
		again, err := ParseList(FormatList(ids))
		if err != nil || !slices.Equal(ids, again) {
			t.Errorf("%q is %v, and written out and read again %v, %v", text, ids, again, err)
		}
	})
}

func TestThisMachine(t *testing.T) {
	root := os.DirFS("/")
	topology, err := ReadTopology(root)
	if err != nil {
		t.Skip(err)
	}
	t.Log(Assign(topology, 1, false).Why)
	facts := Facts(root)
	if facts["kernel.release"] == Unavailable || facts["cpu.allowed"] == Unavailable {
		t.Errorf("kernel %q, CPUs %q", facts["kernel.release"], facts["cpu.allowed"])
	}
}
