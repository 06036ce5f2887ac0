package host

import (
	"cmp"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// firstOf reads the first of several files that is there.
func firstOf(names ...string) func(fs.FS) string {
	return func(root fs.FS) string {
		for _, name := range names {
			if text := line(root, name); text != "" {
				return text
			}
		}
		return ""
	}
}

// onEveryCPU reads a file of each CPU: one value if it is the same everywhere, else
// which CPUs have which: "0-1: performance, 2-3: powersave".
func onEveryCPU(file string) func(fs.FS) string {
	return func(root fs.FS) string {
		found := map[string][]int{}
		files, _ := fs.Glob(root, "sys/devices/system/cpu/cpu[0-9]*/"+file)
		for _, f := range files {
			id, _, _ := strings.Cut(strings.TrimPrefix(f, "sys/devices/system/cpu/cpu"), "/")
			if c, err := strconv.Atoi(id); err == nil && line(root, f) != "" {
				found[line(root, f)] = append(found[line(root, f)], c)
			}
		}
		return byCPU(found)
	}
}

// byCPU writes which of a few values belong to which CPUs.
func byCPU(found map[string][]int) string {
	var parts []string
	for text := range found {
		if len(found) == 1 {
			return text
		}
		slices.Sort(found[text])
	}
	for _, text := range slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return cmp.Compare(found[a][0], found[b][0])
	}) {
		parts = append(parts, FormatList(found[text])+": "+text)
	}
	return strings.Join(parts, ", ")
}

// sockets counts the packages that the CPUs are in.
func sockets(root fs.FS) string {
	files, _ := fs.Glob(root, "sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id")
	seen := map[string]bool{}
	for _, f := range files {
		if id := line(root, f); id != "" {
			seen[id] = true
		}
	}
	if len(seen) == 0 {
		return ""
	}
	return strconv.Itoa(len(seen))
}

// cacheSizes lists the caches of the first CPU, smallest level first: "L1 Data 32K,
// L2 Unified 2048K".
func cacheSizes(root fs.FS) string {
	dirs, _ := fs.Glob(root, "sys/devices/system/cpu/cpu0/cache/index[0-9]*")
	var parts []string
	for _, dir := range dirs {
		if size := line(root, dir+"/size"); size != "" {
			parts = append(parts, "L"+line(root, dir+"/level")+" "+line(root, dir+"/type")+" "+size)
		}
	}
	return strings.Join(parts, ", ")
}

// interrupts lists which interrupts may go to which CPUs: "0-1: 24-30 33; 1: 31".
func interrupts(root fs.FS) string {
	files, _ := fs.Glob(root, "proc/irq/[0-9]*/smp_affinity_list")
	on := map[string][]int{}
	for _, f := range files {
		irq, err := strconv.Atoi(path.Base(path.Dir(f)))
		if cpus := line(root, f); err == nil && cpus != "" {
			on[cpus] = append(on[cpus], irq)
		}
	}
	var parts []string
	for _, cpus := range slices.Sorted(maps.Keys(on)) {
		slices.Sort(on[cpus])
		parts = append(parts, cpus+": "+strings.ReplaceAll(FormatList(on[cpus]), ",", " "))
	}
	return strings.Join(parts, "; ")
}

// virtualization tells what the machine runs in, as far as its name gives it away.
func virtualization(root fs.FS) string {
	if kind := line(root, "sys/hypervisor/type"); kind != "" {
		return kind
	}
	names := strings.ToLower(line(root, "sys/class/dmi/id/sys_vendor") + " " + line(root, "sys/class/dmi/id/product_name") +
		" " + line(root, "proc/cmdline"))
	for _, known := range [][2]string{
		{"firecracker", "firecracker"}, {"amazon ec2", "amazon"}, {"google", "google"}, {"microsoft corporation virtual", "hyper-v"},
		{"vmware", "vmware"}, {"virtualbox", "virtualbox"}, {"innotek", "virtualbox"}, {"parallels", "parallels"}, {"qemu", "qemu"}, {"kvm", "kvm"},
	} {
		if strings.Contains(names, known[0]) {
			return known[1]
		}
	}
	switch hypervisor(root) {
	case "yes":
		return "some hypervisor"
	case "no":
		return "none"
	}
	return ""
}

// container tells whether webdyno runs in a container that makes itself known.
func container(root fs.FS) string {
	if kind := line(root, "run/systemd/container"); kind != "" {
		return kind
	}
	for _, mark := range [][2]string{{".dockerenv", "docker"}, {"run/.containerenv", "podman"}} {
		if _, err := fs.Stat(root, mark[0]); err == nil {
			return mark[1]
		}
	}
	if line(root, "proc/self/cgroup") == "" {
		return ""
	}
	return "none seen"
}

// inOwnGroup reads a file of this process's control group, of version 2: its own,
// or the nearest above that has it and sets a limit.
func inOwnGroup(file string) func(fs.FS) string {
	return func(root fs.FS) string {
		own := ""
		for l := range strings.Lines(line(root, "proc/self/cgroup")) {
			if below, ok := strings.CutPrefix(strings.TrimSpace(l), "0::"); ok {
				own = strings.Trim(below, "/")
			}
		}
		found := ""
		for dir := path.Join("sys/fs/cgroup", own); ; dir = path.Dir(dir) {
			text := line(root, dir+"/"+file)
			if found == "" || strings.HasPrefix(found, "max") && text != "" {
				found = text
			}
			if dir == "sys/fs/cgroup" || len(dir) < len("sys/fs/cgroup") {
				return found
			}
		}
	}
}

// ofOwnProcess reads a field of what the kernel says of this process, from 1.
func ofOwnProcess(field int) func(fs.FS) string {
	return func(root fs.FS) string {
		text := line(root, "proc/self/stat")
		_, rest, ok := strings.Cut(text[strings.LastIndexByte(text, ')')+1:], " ") // a name may hold anything
		fields := strings.Fields(rest)
		const before = 2 // the process's number and its name
		if !ok || len(fields) < field-before {
			return ""
		}
		return fields[field-before-1]
	}
}

// policy is how this process is scheduled.
func policy(root fs.FS) string {
	number := ofOwnProcess(41)(root)
	names := map[string]string{"0": "other", "1": "fifo", "2": "round robin", "3": "batch", "5": "idle", "6": "deadline"}
	return cmp.Or(names[number], number)
}

// links lists the machine's own network links, those that only software made
// aside: "eth0 up, MTU 1500, 10000 Mbit/s".
func links(root fs.FS) string {
	dirs, _ := fs.Glob(root, "sys/class/net/*")
	var all []string
	for _, dir := range dirs {
		if _, err := fs.Stat(root, dir+"/device"); err != nil {
			continue
		}
		text := path.Base(dir) + " " + line(root, dir+"/operstate") + ", MTU " + line(root, dir+"/mtu")
		if speed := line(root, dir+"/speed"); speed != "" && speed != "-1" {
			text += ", " + speed + " Mbit/s"
		}
		all = append(all, text)
	}
	if len(dirs) > 0 && len(all) == 0 {
		return "none"
	}
	return strings.Join(all, "; ")
}
