"""Looks at a run's progress in a real terminal: tmux in several widths, screens captured as a user sees them."""
import argparse
import os
import re
import subprocess
import tempfile
import unittest

LABELS = ["ReadRange", "MapBatches(nap)", "MapBatches(Nap)", "MapBatches(nap)"]
OPTIONS = None


class Terminal:
    """A tmux server of its own with one window that runs a command."""

    def __init__(self, width, folder, command):
        self.socket = os.path.join(folder, "tmux")
        environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")
        for name in ("TMUX", "NO_COLOR", "SHOAL_VERBOSITY", "SHOAL_LOG_DIR", "SHOAL_LOG_LEVEL"):
            environment.pop(name, None)
        subprocess.run([OPTIONS.tmux, "-S", self.socket, "-f", "/dev/null", "-u", "new-session", "-d", "-x", str(width),
                        "-y", "24", "cat"], check=True, env=environment)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("set-option", "-g", "remain-on-exit", "on")
        self.resize(width)
        self.tmux("respawn-pane", "-k", command)

    def tmux(self, *arguments):
        return subprocess.run([OPTIONS.tmux, "-S", self.socket, *arguments], check=True, capture_output=True,
                              text=True).stdout

    def resize(self, width):
        self.tmux("resize-window", "-x", str(width), "-y", "24")

    def lines(self, *options):
        """Lines of text, the scrolled away ones too. What the terminal wrapped is several, unless -J joins them."""
        screen = self.tmux("capture-pane", "-p", "-S", "-", *options)
        return [line.rstrip() for line in screen.splitlines() if line.strip() and not line.startswith("Pane is dead")]

    def close(self):
        subprocess.run([OPTIONS.tmux, "-S", self.socket, "kill-server"], check=False, capture_output=True)


class Scenes:
    """The terminal program's pipes: it says which scene is on the screen and waits to be told to go on."""

    def __init__(self, folder):
        self.events_path = os.path.join(folder, "events")
        self.commands_path = os.path.join(folder, "commands")
        os.mkfifo(self.events_path)
        os.mkfifo(self.commands_path)
        self.command = f"exec {OPTIONS.program} {self.events_path} {self.commands_path}"

    def open(self):
        self.events = open(self.events_path)
        self.commands = open(self.commands_path, "w")

    def wait_for(self, name):
        assert self.events.readline().strip() == name

    def go_on(self):
        print("go", file=self.commands, flush=True)

    def close(self):
        self.events.close()
        try:
            self.commands.close()
        except BrokenPipeError:
            pass


class TerminalTest(unittest.TestCase):
    def check_picture(self, lines, width):
        """The last lines are one overall line and one line per operator, and there is no other picture."""
        picture = lines[-len(LABELS) - 1:]
        self.assertTrue(picture[0].startswith("CPU 7/16"), lines)
        for label, line in zip(LABELS, picture[1:]):
            self.assertTrue(line.startswith(label + " "), lines)
            self.assertLessEqual(len(line), width)
            self.assertRegex(line, r"\|█+.*\| +65%")
        self.assertEqual(sum("65%" in line for line in lines), len(LABELS) + 1, lines)
        return lines[:-len(LABELS) - 1]

    def text_of(self, lines):
        """Without what differs from run to run: the time and the process id of log lines."""
        return [re.sub(r"^[0-9:.]+ [0-9]+ ", "", line) for line in lines]

    def watch(self, width):
        with tempfile.TemporaryDirectory() as folder:
            scenes = Scenes(folder)
            terminal = Terminal(width, folder, scenes.command)
            try:
                scenes.open()
                plan = "info    Executing ReadRange -> MapBatches(nap) -> MapBatches(Nap) -> MapBatches(nap)"
                scenes.wait_for("drawn")
                said = self.check_picture(terminal.lines(), width)
                self.assertEqual("".join(self.text_of(said)), plan)   # in two lines where the terminal is narrow
                scenes.go_on()
                scenes.wait_for("logged")
                said = self.text_of(self.check_picture(terminal.lines(), width))
                self.assertEqual(said[-1], "info    a log line")
                scenes.go_on()
                scenes.wait_for("printed")
                said = self.text_of(self.check_picture(terminal.lines(), width))
                self.assertEqual(said[-2:], ["info    a log line", "printed by the program"])
                terminal.resize(width * 3 // 4)
                scenes.go_on()
                scenes.wait_for("resized")
                self.check_picture(terminal.lines(), width * 3 // 4)
                terminal.resize(width)
                scenes.go_on()
                scenes.wait_for("finished")
                said = self.text_of(terminal.lines("-J"))
                self.assertEqual(said, [plan, "info    a log line", "printed by the program",
                                        "info    Finished in 8.00 s: 5,000 rows",
                                        "info    after the run"])
                scenes.go_on()
                scenes.close()
            finally:
                terminal.close()

    def test_80_columns(self):
        self.watch(80)

    def test_200_columns(self):
        self.watch(200)

    def watch_ranges(self, width):
        """The ranges example: a picture while it runs, and nothing of it afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "output")
            os.mkfifo(output)
            terminal = Terminal(width, folder, "cat")
            try:
                terminal.tmux("pipe-pane", f"exec cat > {output}")
                with open(output, errors="replace") as stream:
                    signal = f"{OPTIONS.tmux} -S {terminal.socket} wait-for -S done"
                    terminal.tmux("respawn-pane", "-k", f"{OPTIONS.ranges} --small; {signal}")
                    seen = ""
                    while seen.count("MapBatches(nap) |") < 2:   # the last line of a picture: it is on the screen
                        byte = stream.read(1)
                        self.assertTrue(byte, "the program ended without a picture: " + seen)
                        seen += byte
                    picture = terminal.lines()
                    terminal.tmux("pipe-pane")
                terminal.tmux("wait-for", "done")
                first = next(i for i, line in enumerate(picture) if line.startswith("CPU"))
                self.assertRegex(picture[first], r"^CPU [0-9.]+/16 ")
                self.assertEqual([re.sub(r" +\|.*", "", line) for line in picture[first + 1:]], LABELS, picture)
                self.assertLessEqual(max(map(len, picture)), width)
                lines = terminal.lines("-J")
                self.assertFalse([line for line in lines if "█" in line or line.startswith("CPU ")], lines)
                self.assertIn("Executing ReadRange -> MapBatches(nap) -> MapBatches(Nap) -> MapBatches(nap)", lines[0])
                self.assertEqual(lines[-1], "1000 rows")
            finally:
                terminal.close()

    def test_ranges_in_80_columns(self):
        self.watch_ranges(80)

    def test_ranges_in_200_columns(self):
        self.watch_ranges(200)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--ranges", required=True)
    parser.add_argument("--tmux", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=["terminal_test", *rest])
