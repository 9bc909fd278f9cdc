// A run that stands still while terminal_test.py looks at the screen: it shows synthetic reports through the observer.
// Usage: terminal_program EVENTS COMMANDS, two named pipes. After each scene it makes sure that the terminal has
// processed all output, writes the scene's name to EVENTS, and waits for a line from COMMANDS.
#include <shoal/base/log.h>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "data/exec/observe.h"
#include "data/exec/testing/synthetic_run.h"

namespace {

using shoal::data::testing::synthetic_report;
using shoal::data::testing::SyntheticRun;

/// The terminal's answer to "where is the cursor?" comes after it has processed everything that was written before.
void wait_for_terminal() {
  const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
  termios before{};
  tcgetattr(tty, &before);
  termios raw = before;
  cfmakeraw(&raw);
  tcsetattr(tty, TCSANOW, &raw);
  char c = 0;
  if (write(tty, "\x1b[6n", 4) == 4) {
    while (read(tty, &c, 1) == 1 && c != 'R') {}
  }
  tcsetattr(tty, TCSANOW, &before);
  close(tty);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ofstream events(argv[1]);
  std::ifstream commands(argv[2]);
  const auto scene = [&](const char* name) {
    wait_for_terminal();
    events << name << std::endl;
    std::string line;
    std::getline(commands, line);
  };

  const auto run = std::make_shared<SyntheticRun>(synthetic_report(130));
  shoal::data::RunSettings settings;
  settings.verbosity = shoal::data::Verbosity::verbose;
  settings.progress = true;
  shoal::data::RunObserver observer(settings, "ReadRange -> MapBatches(nap) -> MapBatches(Nap) -> MapBatches(nap)",
                                    {.first_draw = std::chrono::milliseconds(1), .draw = std::chrono::milliseconds(5)});
  observer.attach(run);
  // The second report is asked for when the first is on the screen.
  run->wait_for_reports(2);
  scene("drawn");

  shoal::log::info("a log line");
  run->wait_for_reports(2);
  scene("logged");

  std::cout << "printed by the program" << std::endl;
  run->wait_for_reports(2);
  scene("printed");

  run->wait_for_reports(2);  // drawn for the width that the test gave the terminal meanwhile
  scene("resized");

  run->set_report(synthetic_report(200));
  observer.finish(shoal::Status());
  shoal::log::info("after the run");
  scene("finished");
}
