"""Sets a profiler on a Python process that webdyno has started.

Python imports this of itself when it starts, since its folder stands first on
PYTHONPATH. It changes nothing of the program: it lays the profiler ready, and a
thread of its own waits at a socket until webdyno says when to begin and when to
end. What begins and ends so is the load, and neither imports nor warming up are
in the profile; and since the profile is written at the end of the load, it does
not matter how the process dies.

The program is meant to run as it does without this. What is used here is taken
hold of at once, before a program such as one on gevent puts something else in
its place; a sitecustomize that stood further back on the path is run as ever.
"""

import _socket
import _thread
import os
import sys
import time


class Control:
    """The thread that listens to webdyno: one for each process."""

    def __init__(self, profiler):
        self.profiler = profiler
        self.path = os.environ["WEBDYNO_CONTROL"]
        self.folder = os.environ["WEBDYNO_PROFILES"]
        self.socket = None
        self.start_thread = _thread.start_new_thread
        self.getpid = os.getpid
        self.connect()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forked)

    def connect(self):
        try:
            self.socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            self.socket.connect(self.path)
            self.say("hello", "%d %s" % (self.getpid(), sys.version.split()[0]))
        except OSError:
            return  # nobody listens any more: the load is over
        self.ident = self.start_thread(self.listen, (self.socket,))

    def forked(self):
        """A child has its parent's socket, and none of its threads."""
        if self.socket is not None:
            self.socket.close()
        self.profiler.forked()
        self.connect()

    def say(self, word, text=""):
        self.socket.sendall((word + " " + text.replace("\n", " ")).strip().encode("utf-8", "replace") + b"\n")

    def listen(self, socket):
        rest = b""
        while True:
            try:
                more = socket.recv(4096)
            except OSError:
                return
            if not more:
                return
            lines = (rest + more).split(b"\n")
            rest = lines.pop()
            for line in lines:
                self.obey(line.decode())

    def obey(self, word):
        try:
            if word == "start":
                self.profiler.start(self)
                self.say("started")
            elif word == "stop":
                for file in self.profiler.stop(self, self.folder):
                    self.say("file", file)
                self.say("done")
        except BaseException as e:  # it must not take the server with it
            try:
                self.say("cannot", "%s: %s" % (type(e).__name__, e))
            except OSError:
                pass


class Counting:
    """cProfile, from the start of the process in every thread; what it had seen
    when the load began is taken off in the end. There is no other way to have
    it in threads that are there already."""

    def __init__(self):
        import cProfile
        import gc
        import marshal
        import threading

        self.cProfile, self.gc, self.marshal = cProfile, gc, marshal
        self.setprofile = sys.setprofile
        self.profiles = []
        self.before = {}
        self.whole = sys.version_info >= (3, 12) and sys.implementation.name == "cpython"
        self.enable()
        if not self.whole:  # one profiler sees all threads from 3.12 on
            threading.setprofile(self.thread)

    def enable(self):
        profile = self.cProfile.Profile()
        self.profiles.append(profile)
        profile.enable()

    def thread(self, frame, event, arg):
        """What threading calls first in a new thread."""
        self.setprofile(None)
        self.enable()

    def forked(self):
        """What the parent counted is not the child's; only its one thread is."""

    def start(self, control):
        for p in self.profiles[:]:
            self.before[id(p)] = self.taken(p)

    def stop(self, control, folder):
        for i, p in enumerate(self.profiles[:]):
            stats = subtract(self.taken(p), self.before.get(id(p), {}))
            if not stats:
                continue
            file = "%s/%d-%d.prof" % (folder, control.getpid(), i)
            with open(file, "wb") as out:
                self.marshal.dump(stats, out)
            yield file

    def taken(self, profile):
        on = self.gc.isenabled()
        self.gc.disable()  # what it collects would run code, and let other threads go on counting
        try:
            profile.snapshot_stats()
        finally:
            if on:
                self.gc.enable()
        return profile.stats


def subtract(after, before):
    """What was counted between two readings of a profile."""
    left = {}
    for name, (cc, nc, tt, ct, callers) in after.items():
        b = before.get(name, (0, 0, 0, 0, {}))
        if nc == b[1] and ct == b[3] and tt == b[2]:
            continue
        edges = {}
        for caller, edge in callers.items():
            was = b[4].get(caller, (0, 0, 0, 0))
            if edge != was:
                edges[caller] = tuple(max(x - y, 0) for x, y in zip(edge, was))
        left[name] = (cc - b[0], nc - b[1], max(tt - b[2], 0.0), max(ct - b[3], 0.0), edges)
    return left


class Switched:
    """cProfile of PyPy, which tells what it has counted only once it is off, and is
    turned on and off by the thread that it looks at: a signal has the main
    thread do that. Other threads are not in it."""

    patience = 5.0

    def __init__(self):
        import cProfile
        import marshal
        import signal

        self.cProfile, self.marshal = cProfile, marshal
        self.number, self.kill = signal.SIGPROF, os.kill
        self.allocate = _thread.allocate_lock
        self.profile = None
        self.forked()
        signal.signal(self.number, self.signalled)

    def forked(self):
        if self.profile is not None:
            self.profile.disable()
        self.profile, self.wanted, self.switched = None, False, self.allocate()

    def signalled(self, number, frame):
        if self.wanted and self.profile is None:
            self.profile = self.cProfile.Profile()
            self.profile.enable()
        elif not self.wanted and self.profile is not None:
            self.profile.disable()
        else:
            return
        if self.switched.locked():
            self.switched.release()

    def switch(self, control, wanted):
        self.wanted = wanted
        self.switched.acquire()
        self.kill(control.getpid(), self.number)
        if not self.switched.acquire(True, self.patience):
            raise RuntimeError("the main thread runs no Python for %g s" % self.patience)
        self.switched.release()

    def start(self, control):
        self.switch(control, True)

    def stop(self, control, folder):
        self.switch(control, False)
        self.profile.create_stats()
        if not self.profile.stats:
            return
        file = "%s/%d.prof" % (folder, control.getpid())
        with open(file, "wb") as out:
            self.marshal.dump(self.profile.stats, out)
        yield file


class Sampling:
    """Looks now and then, by the CPU time that has passed, at what every thread
    is doing. A look weighs as much CPU time as the thread has used since the last
    one, so that it does not matter when exactly it comes.

    It is a signal that has the main thread look at itself between two of its
    instructions. A thread that looked at another would see it only where it gives
    up the interpreter's lock, which is where it waits and not where it works. The
    control thread looks only when the main thread has not for a while: when
    others do the work."""

    interval = 0.003  # of CPU time, between two looks; many kernels look only every 4 ms
    patience = 0.025  # after which the control thread looks

    def __init__(self):
        import json
        import signal

        self.json = json
        self.setitimer, self.timer, self.number = signal.setitimer, signal.ITIMER_PROF, signal.SIGPROF
        self.allocate = _thread.allocate_lock
        self.frames = sys._current_frames
        self.sleep = time.sleep
        self.clock = time.process_time_ns
        self.thread_clock = getattr(time, "pthread_getcpuclockid", None)
        self.gettime = time.clock_gettime_ns
        self.main = _thread.get_ident()
        self.ours = None
        self.forked()
        signal.signal(self.number, self.signalled)

    def forked(self):
        self.main = _thread.get_ident()
        self.stacks, self.last, self.looks = {}, {}, 0
        self.on, self.busy = False, self.allocate()

    def start(self, control):
        self.ours = _thread.get_ident()
        self.stacks, self.last, self.looks = {}, {}, 0
        self.total = self.clock()
        for ident in self.frames():
            self.used(ident)
        self.on = True
        self.setitimer(self.timer, self.interval, self.interval)
        _thread.start_new_thread(self.watch, ())

    def watch(self):
        """Looks where the main thread does not."""
        self.watcher = _thread.get_ident()
        seen = -1
        while self.on:
            self.sleep(self.patience)
            if self.looks == seen and self.clock() - self.total > self.patience * 1e9 / 2:
                self.look(None)
            seen = self.looks

    def signalled(self, number, frame):
        if self.on:
            self.look(frame)

    def used(self, ident):
        """CPU time of a thread since it was last asked."""
        if self.thread_clock is None:
            return 0
        try:
            now = self.gettime(self.thread_clock(ident))
        except OSError:
            return 0  # it has ended
        before = self.last.get(ident, 0 if self.on else now)
        self.last[ident] = now
        return now - before if now >= before else now  # another thread has the number now

    def look(self, frame):
        if not self.busy.acquire(False):
            return  # the signal came while the other looks
        try:
            self.looks += 1
            now = self.clock()
            passed, self.total = now - self.total, now
            frames = self.frames()
            if frame is not None:
                frames[self.main] = frame
            for ours in (self.ours, getattr(self, "watcher", None)):
                frames.pop(ours, None)
            for ident, top in frames.items():
                weight = passed // len(frames) if self.thread_clock is None else self.used(ident)
                if weight > 0:
                    self.book(top, weight)
        finally:
            self.busy.release()

    def book(self, frame, weight):
        stack = []
        while frame is not None:
            stack.append(frame.f_code)
            frame = frame.f_back
        booked = self.stacks.setdefault(tuple(stack), [0, 0])
        booked[0] += 1
        booked[1] += weight

    def stop(self, control, folder):
        self.setitimer(self.timer, 0)
        self.look(None)  # what came after the last look
        self.on = False
        with self.busy:
            stacks, self.stacks = self.stacks, {}
        if not stacks:
            return
        file = "%s/%d.speedscope.json" % (folder, control.getpid())
        with open(file, "w") as out:
            self.json.dump(speedscope(stacks), out)
        yield file


def speedscope(stacks):
    names, frames, samples, weights = {}, [], [], []
    for stack, (looks, weight) in stacks.items():
        sample = []
        for code in reversed(stack):
            at = names.get(code)
            if at is None:
                at = names[code] = len(frames)
                frames.append({"name": code.co_name, "file": code.co_filename, "line": code.co_firstlineno})
            sample.append(at)
        for i in range(looks):  # together they weigh what the stack does
            samples.append(sample)
            weights.append(weight * (i + 1) // looks - weight * i // looks)
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "shared": {"frames": frames},
        "profiles": [{
            "type": "sampled", "name": "python", "unit": "nanoseconds",
            "startValue": 0, "endValue": sum(weights), "samples": samples, "weights": weights,
        }],
    }


def chain():
    """Runs the sitecustomize that would have been run without this one."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != here]
    this = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        if this is not None:
            sys.modules["sitecustomize"] = this


def begin():
    counting = Switched if sys.implementation.name == "pypy" else Counting
    kind = {"cprofile": counting, "sampler": Sampling}.get(os.environ.get("WEBDYNO_PROFILER", ""))
    if kind is None:
        return
    try:
        Control(kind())
    except Exception as e:
        sys.stderr.write("webdyno: no profile: %s: %s\n" % (type(e).__name__, e))


chain()
begin()
