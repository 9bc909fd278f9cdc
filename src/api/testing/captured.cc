#include "api/testing/captured.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace shoal::testing {
namespace {

std::string read_all(int memory) {
  std::fflush(nullptr);
  struct stat found{};
  if (::fstat(memory, &found) != 0) std::abort();
  std::string text(static_cast<std::size_t>(found.st_size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t got = ::pread(memory, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (got <= 0) std::abort();
    at += static_cast<std::size_t>(got);
  }
  return text;
}

/// Appending, as several descriptors of it must.
Fd make_memory() {
  Fd memory(::memfd_create("captured", MFD_CLOEXEC));
  if (!memory.is_open() || ::fcntl(memory.get(), F_SETFL, O_APPEND) != 0) std::abort();
  return memory;
}

void put_in_place(const Fd& what, int of) {
  std::fflush(nullptr);
  if (::dup2(what.get(), of) < 0) std::abort();
}

}  // namespace

Captured::Captured()
    : out_(make_memory()),
      err_(make_memory()),
      own_out_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)),
      own_err_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
  put_in_place(out_, STDOUT_FILENO);
  put_in_place(err_, STDERR_FILENO);
}

Captured::~Captured() {
  put_in_place(own_out_, STDOUT_FILENO);
  put_in_place(own_err_, STDERR_FILENO);
}

std::string Captured::out() const { return read_all(out_.get()); }
std::string Captured::err() const { return read_all(err_.get()); }

}  // namespace shoal::testing
