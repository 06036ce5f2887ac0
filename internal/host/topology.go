package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// A CPU is one of the processors that this process may use.
type CPU struct {
	ID      int
	Core    int // number of the lowest of the CPUs that share its core
	Cache   int // number of the lowest of the CPUs that share its last-level cache
	Package int // socket; 0 if the machine does not say
	Node    int // of memory; 0 if the machine does not say
}

// A Topology is the CPUs that this process may use, ascending.
type Topology []CPU

// ReadTopology returns the CPUs that are online and allowed to this process by
// its affinity and cpuset, and how they share cores and caches. root is the
// machine's root folder. It must be read before this process confines itself.
func ReadTopology(root fs.FS) (Topology, error) {
	ids, err := AllowedCPUs(root, "self")
	if err != nil {
		return nil, fmt.Errorf("CPUs of this machine: %w", err)
	}
	if online, err := ParseList(line(root, "sys/devices/system/cpu/online")); err == nil && len(online) > 0 {
		ids = slices.DeleteFunc(ids, func(id int) bool { return !slices.Contains(online, id) })
	}
	t := make(Topology, 0, len(ids))
	for _, id := range ids {
		t = append(t, readCPU(root, id))
	}
	return t, nil
}

// AllowedCPUs returns the CPUs that a process, named as its folder in /proc is,
// may run on.
func AllowedCPUs(root fs.FS, process string) ([]int, error) {
	name := "proc/" + process + "/status"
	status, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	ids, err := ParseList(field(string(status), "Cpus_allowed_list"))
	if err == nil && len(ids) == 0 {
		err = errors.New("none")
	}
	if err != nil {
		return nil, fmt.Errorf("%s does not say which are allowed: %w", name, err)
	}
	return ids, nil
}

func readCPU(root fs.FS, id int) CPU {
	dir := "sys/devices/system/cpu/cpu" + strconv.Itoa(id)
	c := CPU{ID: id, Core: id, Cache: -1}
	c.Package, _ = strconv.Atoi(line(root, dir+"/topology/physical_package_id"))
	for _, name := range []string{"thread_siblings_list", "core_cpus_list"} {
		if siblings, err := ParseList(line(root, dir+"/topology/"+name)); err == nil && len(siblings) > 0 {
			c.Core = siblings[0]
		}
	}
	if nodes, err := fs.Glob(root, dir+"/node[0-9]*"); err == nil && len(nodes) > 0 {
		c.Node, _ = strconv.Atoi(strings.TrimPrefix(nodes[0], dir+"/node"))
	}
	c.Cache = lastCache(root, dir)
	if c.Cache < 0 { // virtual machines may hide their caches; a socket has one at least
		c.Cache = c.Package
	}
	return c
}

// lastCache returns the lowest CPU that shares the cache of the highest level,
// -1 if none is described.
func lastCache(root fs.FS, dir string) int {
	shares, highest := -1, 0
	for i := 0; ; i++ {
		cache := dir + "/cache/index" + strconv.Itoa(i)
		level, err := strconv.Atoi(line(root, cache+"/level"))
		if err != nil {
			return shares
		}
		cpus, err := ParseList(line(root, cache+"/shared_cpu_list"))
		if err != nil || len(cpus) == 0 || level <= highest || line(root, cache+"/type") == "Instruction" {
			continue
		}
		shares, highest = cpus[0], level
	}
}

// ParseList reads a list of CPUs as the kernel writes it: "0-3,8,10-11". It
// returns them ascending.
func ParseList(s string) ([]int, error) {
	const most = 1 << 16 // CPUs; a kernel has at most 8192
	var ids []int
	for part := range strings.SplitSeq(strings.TrimSpace(s), ",") {
		if part == "" {
			continue
		}
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		if err == nil && isRange {
			to, err = strconv.Atoi(last)
		}
		if err != nil || from < 0 || to < from || to >= most {
			return nil, fmt.Errorf("list of CPUs %q: want numbers and ranges such as 0-3,8", s)
		}
		for id := from; id <= to; id++ {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// FormatList is the inverse of ParseList.
func FormatList(ids []int) string {
	sorted := slices.Sorted(slices.Values(ids))
	var parts []string
	for i := 0; i < len(sorted); {
		j := i
		for j+1 < len(sorted) && sorted[j+1] == sorted[j]+1 {
			j++
		}
		part := strconv.Itoa(sorted[i])
		if j > i {
			part += "-" + strconv.Itoa(sorted[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// Allowed returns the numbers of the CPUs, ascending.
func (t Topology) Allowed() []int {
	all := make([]int, len(t))
	for i, c := range t {
		all[i] = c.ID
	}
	return all
}

// cores returns the CPUs grouped by core, cores of one last-level cache next to
// each other, in the order of their lowest CPU.
func (t Topology) cores() [][]CPU {
	sorted := slices.SortedFunc(slices.Values(t), func(a, b CPU) int {
		return cmp.Or(cmp.Compare(a.Cache, b.Cache), cmp.Compare(a.Core, b.Core), cmp.Compare(a.ID, b.ID))
	})
	var cores [][]CPU
	for i, c := range sorted {
		if i > 0 && c.Core == sorted[i-1].Core {
			cores[len(cores)-1] = append(cores[len(cores)-1], c)
			continue
		}
		cores = append(cores, []CPU{c})
	}
	return cores
}

// line returns a file's content without the line end, "" if it cannot be read.
func line(root fs.FS, name string) string {
	b, _ := fs.ReadFile(root, name)
	return strings.TrimSpace(string(b))
}

// field returns the value of "key: value" or "key\t: value" among the lines of
// text; "" if there is none.
func field(text, key string) string {
	for l := range strings.Lines(text) {
		name, value, ok := strings.Cut(l, ":")
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
