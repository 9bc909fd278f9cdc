"""Kills, stops and continues workers, programs and daemons at random while programs check every value that they get.

    python3 torture.py --shoal PATH --program PATH [--seconds 240] [--seed N]

No value may be wrong, nothing may hang for 30 s beyond what it was stopped, and afterwards no process, memory, file, socket
or control group may be left. Fewer faults than FAULTS_A_MINUTE are a failure, too: then nothing was tested.
"""
import argparse
import collections
import os
import random
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time

HANG_S = 40  # a program's own patience is 30 s, and it may be stopped meanwhile
FAULTS_A_MINUTE = 80
ROUNDS_A_MINUTE = 20
SHARED_MEMORY_LEFT_MAX = 64 << 20  # bytes; others on the machine may use some, too
MARK = "SHOAL_TORTURE"


def stat_of(pid):
    """Its state, its parent, ..."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()


def is_alive(pid):
    """Also while it ends: it has its files until it is a zombie, and its environment no longer."""
    try:
        return stat_of(pid)[0] not in ("Z", "X")
    except OSError:
        return False


def processes_with(mark):
    """Number and program of each process that was started, by whomever, with this mark in its environment."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                is_marked = mark.encode() in file.read().split(b"\0")
            if is_marked and stat_of(name)[0] not in ("Z", "X"):
                found[int(name)] = os.path.basename(os.readlink(f"/proc/{name}/exe"))
        except OSError:
            continue  # it ended meanwhile
    return found


def wait_until(condition):
    """Or until 30 s have passed: these are other processes' ends, of which nobody tells."""
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def parent_of(pid):
    try:
        return int(stat_of(pid)[1])
    except OSError:
        return 0


def groups_left():
    """Memory control groups of makers that are gone, below this process's own."""
    with open("/proc/self/cgroup") as file:
        groups = [line.rstrip("\n").split(":", 2)[1:] for line in file]
    folders = [f"/sys/fs/cgroup/memory{group}" for kinds, group in groups if "memory" in kinds.split(",")]
    folders += [f"/sys/fs/cgroup{group}" for kinds, group in groups if not kinds]
    names = {os.path.join(folder, name) for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)
             if name.startswith("shoal-")}
    return sorted(name for name in names if not is_alive(os.path.basename(name).split("-")[1]))


def shared_memory():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("Shmem:"))


class Program:
    """One of the programs that work; when it ends, another takes its place."""

    def __init__(self, torture, own):
        self.torture, self.own = torture, own
        self.rounds = self.losses = 0
        self.ends = collections.Counter()
        self.faults = []
        self.process = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.torture.is_over.is_set():
            self.run_once()

    def run_once(self):
        torture = self.torture
        seed, rounds = torture.random.getrandbits(32), torture.random.randint(3, 40)
        command = [OPTIONS.program, str(seed), str(rounds)] + (["own"] if self.own else [])
        environment = dict(torture.environment, SHOAL_ADDRESS="" if self.own else torture.folder)
        self.process = process = subprocess.Popen(command, env=environment, cwd=torture.scratch, stdin=subprocess.DEVNULL,
                                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = self.read_to_end(process)
        process.stdout.close()
        self.ends[process.returncode] += 1
        if process.returncode not in (0, 3, -signal.SIGKILL):
            self.faults.append(f"seed {seed}, {rounds} rounds: ended with {process.returncode}: {said[-2000:]}")

    def read_to_end(self, process):
        said, silent_since = b"", time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if not selector.select(1):
                    if time.monotonic() - silent_since > HANG_S:
                        self.faults.append(f"silent for {HANG_S} s, process {process.pid}: {said[-500:]}")
                        process.kill()
                        silent_since = time.monotonic()
                    continue
                piece = os.read(process.stdout.fileno(), 65536)
                silent_since = time.monotonic()
                if not piece:
                    break
                said = (said + piece)[-4000:]
                self.rounds += piece.count(b"round ")
                self.losses += piece.count(b"lost: ")
        process.wait()
        return said.decode(errors="replace")


class Torture:
    def __init__(self, scratch):
        self.scratch = scratch
        self.random = random.Random(OPTIONS.seed)
        self.mark = f"{MARK}={os.getpid()}.{OPTIONS.seed}"
        self.environment = dict(os.environ, SHOAL_TEMP_DIR=scratch, TMPDIR=scratch,
                                **dict([self.mark.split("=")]))
        for name in ("SHOAL_PROCESSES", "SHOAL_LOG_DIR", "SHOAL_LOG_LEVEL", "SHOAL_ENCODE_MESSAGES"):
            self.environment.pop(name, None)
        self.folder = os.path.join(scratch, f"shoal-{os.geteuid()}", "default")
        self.faults = collections.Counter()
        self.is_over = threading.Event()

    def shoal(self, *words):
        return subprocess.run([OPTIONS.shoal, *words], env=self.environment, cwd=self.scratch, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def start_daemon(self):
        ended = self.shoal("start", "--head", "--num-cpus", "3", "--object-store-memory", "64000000")
        assert ended.returncode == 0, ended.stdout
        with open(os.path.join(self.folder, "pid")) as file:
            self.daemon = int(file.read().split()[0])

    def send(self, pid, number):
        """To a process of this test alone: its number may be another's by now."""
        if pid not in processes_with(self.mark):
            return False
        try:
            os.kill(pid, number)
            return True
        except ProcessLookupError:
            return False

    def pause(self, pid):
        if not self.send(pid, signal.SIGSTOP):
            return False
        self.is_over.wait(self.random.uniform(0.05, 1.5))
        self.send(pid, signal.SIGCONT)
        return True

    def fault(self, programs):
        drivers = [program.process.pid for program in programs if program.process is not None]
        parents = set(drivers) | {self.daemon}
        workers = [pid for pid in processes_with(self.mark) if parent_of(pid) in parents and pid not in drivers]
        kind = self.random.choices(["kill worker", "stop worker", "stop daemon", "stop program", "kill program",
                                    "kill daemon"], [50, 20, 8, 8, 8, 6])[0]
        what, who = kind.split()
        among = {"worker": workers, "daemon": [self.daemon], "program": drivers}[who]
        if not among:
            return
        pid = self.random.choice(among)
        done = self.pause(pid) if what == "stop" else self.send(pid, signal.SIGKILL)
        self.faults[kind] += done
        if kind == "kill daemon" and done:
            wait_until(lambda: not is_alive(pid))
            self.start_daemon()

    def run(self, seconds):
        self.start_daemon()
        programs = [Program(self, own) for own in (False, False, True)]
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                self.fault(programs)
                self.is_over.wait(self.random.uniform(0.02, 0.5))
        finally:
            self.is_over.set()
            for program in programs:
                program.thread.join()
        stopped = self.shoal("stop")
        assert stopped.returncode == 0, stopped.stdout
        return programs


def check(torture, programs, memory_before):
    complaints = [fault for program in programs for fault in program.faults]
    wait_until(lambda: not processes_with(torture.mark))
    left = processes_with(torture.mark)
    if left:
        complaints.append(f"processes are left: {left}")
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    # Those of programs and daemons that were killed are removed by whoever starts next.
    torture.start_daemon()
    torture.shoal("stop")
    if groups_left():
        complaints.append(f"control groups are left: {groups_left()}")
    files = [os.path.join(folder, name) for folder, folders, names in os.walk(torture.scratch)
             for name in names + [each for each in folders if each.startswith("shoal-spill-")]]
    if files:
        complaints.append(f"files are left: {files}")
    more = shared_memory() - memory_before
    if more > SHARED_MEMORY_LEFT_MAX:
        complaints.append(f"{more >> 20} MiB of shared memory are left")
    minutes = OPTIONS.seconds / 60
    rounds = sum(program.rounds for program in programs)
    if sum(torture.faults.values()) < FAULTS_A_MINUTE * minutes:
        complaints.append("there were too few faults")
    if rounds < ROUNDS_A_MINUTE * minutes:
        complaints.append("too little was done")
    print(f"{OPTIONS.seconds} s, seed {OPTIONS.seed}: {sum(torture.faults.values())} faults {dict(torture.faults)}, "
          f"{rounds} rounds, {sum(program.losses for program in programs)} losses told, "
          f"ends of programs {dict(sum((program.ends for program in programs), collections.Counter()))}")
    return complaints


def main():
    with tempfile.TemporaryDirectory(prefix="shoal-torture-") as scratch:
        memory_before = shared_memory()
        torture = Torture(scratch)
        programs = torture.run(OPTIONS.seconds)
        complaints = check(torture, programs, memory_before)
    for complaint in complaints:
        print(f"torture: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--shoal", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    OPTIONS = parser.parse_args()
    OPTIONS.shoal, OPTIONS.program = os.path.abspath(OPTIONS.shoal), os.path.abspath(OPTIONS.program)
    sys.exit(main())
