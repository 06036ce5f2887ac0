package report

import (
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// What others did on the machine while a trial ran.

func (g *grader) foreignCPU(l limits) {
	if g.m.Host.Foreign < 0 {
		return
	}
	v := max(0, g.foreign())
	g.graded(l, v, "foreign-cpu", "other programs kept %s CPUs busy", unit.Number(v))
}

func (g *grader) steal(l limits) {
	v := g.m.Host.Steal
	if v < 0 {
		return
	}
	g.graded(l, v, "steal", "the hypervisor took %s of the time", unit.Share(v))
}

// neighbours looks at what the other subjects did that were up and not asked
// anything.
func (g *grader) neighbours(l limits) {
	v := g.m.Host.Neighbours
	g.graded(l, v, "neighbours-busy", "other subjects, up beside this one and not loaded, kept %s CPUs busy", unit.Number(v))
}

// cpuPressure is shown, and graded where a plan asks for it or is strict: threads
// of a subject that has more of them than CPUs wait for one, and that is no fault.
func (g *grader) cpuPressure(l limits) {
	if p := g.m.Host.Pressure; p != nil {
		g.graded(l, p.CPU, "cpu-pressure", "for %s of the time some thread on this machine, perhaps the subject's own, waited for a CPU", unit.Share(p.CPU))
	}
}

func (g *grader) memoryPressure(l limits) {
	if p := g.m.Host.Pressure; p != nil {
		g.graded(l, p.Memory, "memory-pressure", "for %s of the time all that had work on this machine waited for memory", unit.Share(p.Memory))
	}
}

func (g *grader) ioPressure(l limits) {
	if p := g.m.Host.Pressure; p != nil {
		g.graded(l, p.IO, "io-pressure", "for %s of the time all that had work on this machine waited for a disk", unit.Share(p.IO))
	}
}

func (g *grader) swap(l limits) {
	n := g.m.Host.SwappedIn
	g.graded(l, float64(n), "swap", "the machine brought %s pages back from swap: the disk was measured", unit.Count(int64(n)))
}

// kindOwnMemory is the kind of the note that a subject had no memory left of its
// own: that is its doing, and not the machine's.
const kindOwnMemory = "subject-out-of-memory"

// outOfMemory looks at the kernel's count for the whole machine, whatever group a
// process was in, and at that of the subject's own group. What died in that ran into
// its limit, or was the machine's choice when all of it had no memory left.
func (g *grader) outOfMemory(l limits) {
	n, own := g.m.Host.OutOfMemory, uint64(0)
	if s := g.m.Server; s != nil {
		own = s.OutOfMemory
	}
	if own > 0 {
		g.graded(l, float64(max(n, own)), kindOwnMemory, "the kernel killed %s of the subject's for want of memory: its limit, or all that the machine has", processes(own))
		return
	}
	g.graded(l, float64(n), "out-of-memory", "the kernel killed %s for want of memory", processes(n))
}

func processes(n uint64) string {
	if n == 1 {
		return "a process"
	}
	return unit.Count(int64(n)) + " processes"
}

func (g *grader) throttled(l limits) {
	n := g.m.Host.Speed.Throttled
	g.graded(l, float64(n), "throttled", "heat slowed the CPUs in use down %s times", unit.Count(int64(n)))
}

// recycled looks at processes of the subject that ended within the window.
func (g *grader) recycled(l limits) {
	s := g.m.Server
	if s == nil {
		return
	}
	g.graded(l, float64(s.Replaced), "process-replaced", "%s of the subject's processes ended within the window", unit.Count(int64(s.Replaced)))
}

// portsWaiting looks at how many ports wait to be free again, where it is webdyno
// that ends connections and so keeps their ports.
func (g *grader) portsWaiting(l limits) {
	p := g.m.Host.Ports
	if p.All == 0 || g.load == nil {
		return
	}
	use := g.load.Usage()
	if use.PerConnection == 0 || use.Close != load.ByFIN {
		return
	}
	share := float64(p.Waiting) / float64(p.All) / float64(max(g.t.Sources, 1))
	g.graded(l, share, "ports-waiting", "%s of the ports for connections waited to be free again: near the limit, connections fail for want of one", unit.Share(min(share, 1)))
}

func (g *grader) sharedCPUs(limits) {
	g.see(0)
	if g.c.CPUsShared {
		g.see(1)
		g.say("cpus-shared", evidence.B, "the engine and the subject share CPUs, and take time from each other")
	}
}

func (g *grader) nothingDue(limits) {
	g.see(0)
	if g.t.Due() == 0 && g.t.Window > 0 {
		g.see(1)
		g.say("nothing-due", evidence.B, "nothing fell due in the window: every connection was still waiting for an earlier answer")
	}
}

// cheap looks at answers that cost a server less than they should, as far as one
// subject's tell by themselves.
func (g *grader) cheap(l limits) {
	s := g.m.Start
	if s == nil {
		return
	}
	found := 0.0
	say := func(kind, text string) {
		found++
		if grade := l.grade(found); grade > evidence.A {
			g.say(kind, grade, "%s %s", VariantName(g.m.Trial), text)
		}
	}
	if slices.ContainsFunc(s.Answers, func(a evidence.Answer) bool { return a.Status == 304 }) && !g.c.Unmodified {
		say("answer-not-modified", "answers with status 304, which has no body, though the plan does not expect that")
	}
	if s.Date == evidence.DateStands {
		say("date-stands", "gave the same Date after three seconds: the heads of its answers are made once and sent again")
	}
	if s.Unread {
		say("body-unread", "answers before the body of a request has reached it: what is sent there is not read")
	}
	g.see(found)
}
