"""Daemons that outlive programs, with real processes and real kills."""
import argparse
import os
import re
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

OPTIONS = None
SECONDS_MAX = 30


def is_alive(pid):
    """Whether the process runs: not a dead one that nobody has taken away."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, what):
    """Polls: these are other processes' deaths, of which nobody tells us."""
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not happen in {SECONDS_MAX} s: {what}")
        select.select([], [], [], 0.02)


class Daemon(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="shoal-daemon-")
        self.temp = self.scratch.name
        self.environment = dict(os.environ, SHOAL_TEMP_DIR=self.temp)
        for name in ("SHOAL_ADDRESS", "SHOAL_PROCESSES", "SHOAL_LOG_DIR", "SHOAL_LOG_LEVEL", "SHOAL_ENCODE_MESSAGES"):
            self.environment.pop(name, None)
        self.folder = os.path.join(self.temp, f"shoal-{os.geteuid()}", "default")
        self.programs = []

    def tearDown(self):
        for program in self.programs:
            if program.poll() is None:
                program.kill()
            program.communicate()
        self.shoal("stop", "--force", "--address", self.folder, check=False)
        self.assertFalse(os.path.exists(self.folder), "a daemon was left behind")
        self.scratch.cleanup()

    # --- Steps.

    def run_to_end(self, command, check=True, **environment):
        ended = subprocess.run(command, env=dict(self.environment, **environment), capture_output=True, text=True,
                               timeout=SECONDS_MAX, stdin=subprocess.DEVNULL, cwd=self.temp)
        if check:
            self.assertEqual(ended.returncode, 0, f"{command}: {ended.stdout}{ended.stderr}")
        return ended

    def shoal(self, *words, check=True):
        return self.run_to_end([OPTIONS.shoal, *words], check)

    def start(self, *words):
        ended = self.shoal("start", "--head", "--num-cpus", "2", *words)
        with open(os.path.join(self.folder, "pid")) as file:
            self.daemon = int(file.read().split()[0])
        return ended

    def join(self, what, program=None, check=True, **environment):
        return self.run_to_end([program or OPTIONS.program, what], check, SHOAL_ADDRESS=self.folder, **environment)

    def begin(self, program=None):
        """A program whose task runs and never ends, and the process of its worker."""
        began = subprocess.Popen([program or OPTIONS.program, "wait"], env=dict(self.environment, SHOAL_ADDRESS="auto"),
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                 cwd=self.temp)
        self.programs.append(began)
        words = began.stdout.readline().split()
        self.assertEqual(words[0], "waiting")
        busy = re.compile(rf"process {words[1]} .*busy for")
        wait_until(lambda: busy.search(self.shoal("status").stdout), "the begin of its task")
        return began, int(words[1])

    def assert_gone(self, pid):
        wait_until(lambda: not is_alive(pid), f"the end of process {pid}")

    # --- Tests.

    def test_start_status_run_stop(self):
        said = self.start().stdout
        for text in (self.folder, "shoal stop", "shoal run", "SHOAL_ADDRESS="):
            self.assertIn(text, said)
        modes = {"": 0o700, "socket": 0o600, "token": 0o600, "pid": 0o600, "log": 0o600}
        for name, mode in modes.items():
            self.assertEqual(stat.S_IMODE(os.lstat(os.path.join(self.folder, name)).st_mode), mode, name)
        with open(os.path.join(self.folder, "token")) as file:
            token = file.read()
        self.assertEqual(len(token), 64)
        with open(f"/proc/{self.daemon}/cmdline") as file:
            self.assertNotIn(token, file.read())

        ran = self.shoal("run", OPTIONS.program, "sum")
        self.assertIn(f"sum 332833500 binary first elsewhere 1 folder {self.temp}", ran.stdout)
        self.assertEqual(self.shoal("run", OPTIONS.program, "status", check=False).returncode, 7)
        self.assertEqual(self.shoal("run", os.path.join(self.temp, "none"), check=False).returncode, 1)
        self.assertIn("CPU          0 of 2 used", self.shoal("status").stdout)
        self.assertIn("Programs: 0", self.shoal("status").stdout)
        self.assertEqual(self.shoal("doctor").returncode, 0)

        self.shoal("stop")
        self.assertFalse(is_alive(self.daemon))
        self.assertFalse(os.path.exists(self.folder))
        again = self.shoal("status", check=False)
        self.assertEqual((again.returncode, again.stdout), (1, ""))
        self.assertIn("shoal start --head", again.stderr)

    def test_workers_are_the_programs_own(self):
        self.start()
        self.assertIn("binary first", self.join("sum").stdout)
        seen = self.join("sum", OPTIONS.other, DAEMON_TEST_VARIABLE="its own").stdout
        self.assertIn("binary other", seen)
        self.assertIn("variable its own", seen)

    def test_two_programs_at_once(self):
        self.start("--num-gpus", "0")
        first, _ = self.begin()
        self.assertIn("sum 332833500 binary other", self.join("sum", OPTIONS.other).stdout)
        status = self.shoal("status").stdout
        self.assertIn("Programs: 1", status)
        self.assertIn(f"process {first.pid}", status)
        second, _ = self.begin(OPTIONS.other)
        status = self.shoal("status").stdout
        self.assertIn("Programs: 2", status)
        self.assertIn("CPU          2 of 2 used", status)
        first.send_signal(signal.SIGKILL)
        wait_until(lambda: "Programs: 1" in self.shoal("status").stdout, "the first one's end")
        self.assertIsNone(second.poll())

    def test_a_killed_program_leaves_nothing(self):
        self.start()
        program, worker = self.begin()
        program.kill()
        self.assert_gone(worker)
        wait_until(lambda: "Workers: 0" in self.shoal("status").stdout, "its workers' end")
        self.assertIn("CPU          0 of 2 used", self.shoal("status").stdout)
        self.assertIn("sum 332833500", self.join("sum").stdout)

    def hold(self):
        """A program that has 240 MB in the store, five times its memory."""
        holds = subprocess.Popen([OPTIONS.program, "hold"], env=dict(self.environment, SHOAL_ADDRESS="auto"),
                                 stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=self.temp)
        self.programs.append(holds)
        self.assertEqual(holds.stdout.readline(), "holding 435\n")
        return holds

    def test_values_are_in_its_store(self):
        spill = os.path.join(self.temp, "spill")
        self.start("--object-store-memory", "48000000", "--spill-dir", spill)
        holds = self.hold()
        listed = self.shoal("memory", "--objects", "5").stdout
        self.assertIn("30 objects", listed)
        self.assertIn("and 25 more", listed)
        self.assertRegex(self.shoal("memory", "--objects", "30").stdout, r"7\.6 MiB +memory.* n1\.\d+")
        self.assertRegex(self.shoal("status").stdout, r"Object store: .* of 45\.8 MiB, 30 objects, .* on disk")
        holds.communicate("\n", timeout=SECONDS_MAX)
        self.assertEqual(holds.returncode, 0)
        wait_until(lambda: " 0 objects" in self.shoal("memory").stdout, "the end of what the program had")

        killed = self.hold()
        killed.kill()
        wait_until(lambda: " 0 objects" in self.shoal("memory").stdout, "the end of what the killed program had")
        self.shoal("stop")
        self.assertEqual(os.listdir(spill), [])

    def do_many(self, what, count):
        """A program that has done so many, and waits for a word on its input."""
        does = subprocess.Popen([OPTIONS.program, what, str(count)], env=dict(self.environment, SHOAL_ADDRESS="auto"),
                                stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=self.temp)
        self.programs.append(does)
        self.assertRegex(does.stdout.readline(), r"^total \d+\n$")
        return does

    def end(self, program):
        program.communicate("\n", timeout=SECONDS_MAX)
        self.assertEqual(program.returncode, 0)
        wait_until(lambda: "Workers: 0" in self.shoal("status").stdout, "its workers' end")

    def resident_mib(self):
        with open(f"/proc/{self.daemon}/status") as file:
            return next(int(line.split()[1]) >> 10 for line in file if line.startswith("VmRSS:"))

    def test_a_million_tasks_leave_little_in_the_daemon(self):
        self.start()
        self.end(self.do_many("tasks", 10_000))
        before = self.resident_mib()
        does = self.do_many("tasks", 1_000_000)
        during = self.resident_mib()
        self.end(does)
        print(f"one million tasks: the daemon's memory from {before} to {during} MiB, {self.resident_mib()} at the end")
        self.assertLessEqual(during - before, 50)

    def counts(self):
        """Descriptors and threads of the daemon."""
        return [len(os.listdir(f"/proc/{self.daemon}/{what}")) for what in ("fd", "task")]

    def test_two_thousand_actors_leave_nothing(self):
        self.start()
        before = self.counts()
        does = self.do_many("actors", 2_000)
        wait_until(lambda: "Workers: 0" in self.shoal("status").stdout, "the actors' end")
        self.end(does)
        wait_until(lambda: all(now <= then for now, then in zip(self.counts(), before)),
                   f"the end of what they had in the daemon: {before}")
        self.assertIn(" 0 B of ", self.shoal("memory").stdout)
        self.assertIn(" 0 objects", self.shoal("memory").stdout)
        print(f"2,000 actors: {before[0]} descriptors and {before[1]} threads in the daemon before, {self.counts()} behind")

    def test_a_killed_worker_is_named(self):
        self.start()
        program, worker = self.begin()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: f"process {worker}: it was ended by signal 9" in self.shoal("status").stdout, "the note")
        self.assertIsNone(program.poll())

    def test_a_killed_daemon_ends_its_workers_and_tells_its_programs(self):
        self.start()
        program, worker = self.begin()
        os.kill(self.daemon, signal.SIGKILL)
        said, _ = program.communicate(timeout=SECONDS_MAX)
        self.assertEqual(program.returncode, 3, said)
        self.assertIn("error unavailable", said)
        self.assertIn(f"process {self.daemon}", said)
        self.assert_gone(worker)

        # What it left is no cluster, is named, and is taken over.
        self.assertTrue(os.path.exists(self.folder))
        self.assertIn("error not_found", self.join("sum", check=False).stdout)
        self.assertIn(self.folder, self.shoal("doctor", check=False).stdout)
        before = self.daemon
        self.start()
        self.assertNotEqual(self.daemon, before)
        self.assertIn("sum 332833500", self.join("sum").stdout)

    def test_what_a_killed_daemon_left_is_removed(self):
        self.start()
        os.kill(self.daemon, signal.SIGKILL)
        self.assert_gone(self.daemon)
        self.shoal("stop")
        self.assertFalse(os.path.exists(self.folder))

    def test_stop_tells_who_waits(self):
        self.start()
        program, worker = self.begin()
        self.shoal("stop")
        said, _ = program.communicate(timeout=SECONDS_MAX)
        self.assertEqual(program.returncode, 3, said)
        self.assertIn("error unavailable", said)
        self.assertIn("it was stopped", said)
        self.assertFalse(is_alive(worker))
        self.assertFalse(os.path.exists(self.folder))

    def test_force_stops_one_that_does_not_answer(self):
        self.start()
        program, worker = self.begin()
        os.kill(self.daemon, signal.SIGSTOP)
        self.shoal("stop", "--force")
        self.assert_gone(worker)
        self.assertFalse(os.path.exists(self.folder))
        program.communicate(timeout=SECONDS_MAX)
        self.assertEqual(program.returncode, 3)

    def test_a_second_start_is_refused(self):
        self.start()
        second = self.shoal("start", "--head", check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("runs in " + self.folder + " already", second.stderr)
        self.assertIn("sum 332833500", self.join("sum").stdout)

    def test_auto_is_the_only_one(self):
        none = self.run_to_end([OPTIONS.program, "sum"], check=False, SHOAL_ADDRESS="auto")
        self.assertIn("error not_found", none.stdout)
        self.start()
        self.assertIn("sum", self.run_to_end([OPTIONS.program, "sum"], SHOAL_ADDRESS="auto").stdout)
        self.shoal("start", "--head", "--num-cpus", "1", "--name", "second")
        several = self.run_to_end([OPTIONS.program, "sum"], check=False, SHOAL_ADDRESS="auto")
        self.assertIn("error invalid_argument", several.stdout)
        self.assertIn("second", several.stdout)
        second = os.path.join(os.path.dirname(self.folder), "second")
        self.assertIn("1 CPUs", self.run_to_end([OPTIONS.program], SHOAL_ADDRESS=second).stdout)
        self.shoal("stop", "--address", second)
        self.assertIn("sum", self.run_to_end([OPTIONS.program, "sum"], SHOAL_ADDRESS="auto").stdout)

    def test_a_wrong_token_is_refused(self):
        self.start()
        path = os.path.join(self.folder, "token")
        with open(path, "w") as file:
            file.write("0" * 64)
        refused = self.join("sum", check=False)
        self.assertIn("error permission_denied", refused.stdout)
        self.assertNotIn("0" * 64, refused.stdout + refused.stderr)
        os.chmod(path, 0o644)
        self.assertIn("error permission_denied", self.join("sum", check=False).stdout)

    def test_a_folder_that_others_may_use_is_refused(self):
        parent = os.path.dirname(self.folder)
        os.mkdir(parent)
        os.chmod(parent, 0o777)
        refused = self.shoal("start", "--head", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("0777", refused.stderr)
        os.chmod(parent, 0o700)
        self.start()
        os.chmod(self.folder, 0o755)
        self.assertIn("error permission_denied", self.join("sum", check=False).stdout)
        os.chmod(self.folder, 0o700)

    def test_what_tasks_print_is_the_programs(self):
        self.start()
        line = r"\(talk pid \d+\) a line of a task\n"
        self.assertRegex(self.join("say").stdout, line)
        path = os.path.join(self.temp, "output")
        for mode in ("a", "w"):
            with open(path, mode) as output:
                subprocess.run([OPTIONS.program, "say"], env=dict(self.environment, SHOAL_ADDRESS=self.folder), check=True,
                               stdout=output, stdin=subprocess.DEVNULL, timeout=SECONDS_MAX)
            if mode == "w":  # two that write anew overwrite each other
                path = os.path.join(self.folder, "log")

            def is_there():
                with open(path) as text:
                    return re.search(line, text.read())
            wait_until(is_there, f"the line in {path}")

    def test_what_is_detached_stays(self):
        self.start()
        for visit, what in enumerate(("leave", "find", "find")):
            # Its pipe ends although the actor lives.
            self.assertEqual(self.join(what).stdout, f"visits {visit + 1}\n")
        wait_until(lambda: "Workers: 1" in self.shoal("status").stdout, "the end of all workers but the actor's")
        self.assertIn("actor", self.shoal("status").stdout)

    def test_in_the_foreground(self):
        daemon = subprocess.Popen([OPTIONS.shoal, "start", "--head", "--block"], env=self.environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.programs.append(daemon)
        self.assertIn(self.folder, daemon.stdout.readline())
        self.assertIn("sum 332833500", self.join("sum").stdout)
        daemon.send_signal(signal.SIGINT)
        said, _ = daemon.communicate(timeout=SECONDS_MAX)
        self.assertEqual(daemon.returncode, 0, said)
        self.assertFalse(os.path.exists(self.folder))

    def test_misuse_has_a_status_of_its_own(self):
        for words in (["start"], ["start", "--head", "--port", "1"], ["start", "--head", "--num-cpu", "1"], ["sttop"],
                      ["start", "--head", "--resources", "{"], ["run"], ["status", "--address"], []):
            self.assertEqual(self.shoal(*words, check=False).returncode, 2, words)
        self.assertIn("stop", self.shoal("sttop", check=False).stderr)
        self.assertRegex(self.shoal("--version").stdout, r"^shoal \d+\.\d+\.\d+\n$")

    def test_the_examples(self):
        self.start()
        for example in ("counter", "as_they_come", "rotate"):
            self.shoal("run", os.path.join(OPTIONS.examples, example))
        wait_until(lambda: "CPU          0 of 2 used" in self.shoal("status").stdout, "all leases' end")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--shoal", "--program", "--other", "--examples"):
        parser.add_argument(option, required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
