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
    """A tmux server of its own with one window that runs the program."""

    def __init__(self, width, folder):
        self.socket = os.path.join(folder, "tmux")
        self.events_path = os.path.join(folder, "events")
        self.commands_path = os.path.join(folder, "commands")
        os.mkfifo(self.events_path)
        os.mkfifo(self.commands_path)
        environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")
        environment.pop("TMUX", None)
        environment.pop("NO_COLOR", None)
        subprocess.run([OPTIONS.tmux, "-S", self.socket, "-f", "/dev/null", "-u", "new-session", "-d", "-x", str(width),
                        "-y", "24", OPTIONS.program, self.events_path, self.commands_path],
                       check=True, env=environment)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", str(width), "-y", "24")
        self.events = open(self.events_path)
        self.commands = open(self.commands_path, "w")

    def tmux(self, *arguments):
        return subprocess.run([OPTIONS.tmux, "-S", self.socket, *arguments], check=True, capture_output=True,
                              text=True).stdout

    def scene(self, name, *capture_options):
        """Waits for the scene and returns its lines of text, the scrolled away ones too. What the terminal wrapped is
        several lines, unless -J joins them."""
        assert self.events.readline().strip() == name
        screen = self.tmux("capture-pane", "-p", "-S", "-", *capture_options)
        return [line.rstrip() for line in screen.splitlines() if line.strip()]

    def go_on(self):
        print("go", file=self.commands, flush=True)

    def close(self):
        subprocess.run([OPTIONS.tmux, "-S", self.socket, "kill-server"], check=False, capture_output=True)
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
            terminal = Terminal(width, folder)
            try:
                plan = "info    Executing ReadRange -> MapBatches(nap) -> MapBatches(Nap) -> MapBatches(nap)"
                said = self.check_picture(terminal.scene("drawn"), width)
                self.assertEqual("".join(self.text_of(said)), plan)   # in two lines where the terminal is narrow
                terminal.go_on()
                said = self.text_of(self.check_picture(terminal.scene("logged"), width))
                self.assertEqual(said[-1], "info    a log line")
                terminal.go_on()
                said = self.text_of(self.check_picture(terminal.scene("printed"), width))
                self.assertEqual(said[-2:], ["info    a log line", "printed by the program"])
                terminal.tmux("resize-window", "-x", str(width * 3 // 4))
                terminal.go_on()
                self.check_picture(terminal.scene("resized"), width * 3 // 4)
                terminal.tmux("resize-window", "-x", str(width))
                terminal.go_on()
                said = self.text_of(terminal.scene("finished", "-J"))
                self.assertEqual(said, [plan, "info    a log line", "printed by the program",
                                        "info    Finished in 8.00 s: 5,000 rows, peak memory 0 B, 0 B spilled",
                                        "info    after the run"])
                terminal.go_on()
            finally:
                terminal.close()

    def test_80_columns(self):
        self.watch(80)

    def test_200_columns(self):
        self.watch(200)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--tmux", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=["terminal_test", *rest])
