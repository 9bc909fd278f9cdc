#include "shell/output/output_marks.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "shell/output/line_cutter.h"

namespace shoal::shell {
namespace {

constexpr int k_above = 10;

void write(int descriptor, const std::string& mark) {
  [[maybe_unused]] const auto written = ::write(descriptor, mark.data(), mark.size());  // whoever read it is gone
}

}  // namespace

OutputMarks::OutputMarks(std::string_view secret)
    : secret_(secret),
      out_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, k_above)),
      err_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, k_above)) {
  flush();
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
}

void OutputMarks::set(const std::string& name) {
  const Lock lock(mutex_);
  if (name == name_) return;
  name_ = name;
  flush();
  const std::string mark = mark_of(secret_, name);
  write(out_, mark);
  write(err_, mark);
}

void OutputMarks::flush() { std::fflush(stdout); }

}  // namespace shoal::shell
