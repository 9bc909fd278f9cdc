#include "shell/memory/kernel_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "base/posix.h"

namespace shoal::shell {

std::optional<std::int64_t> number_in_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::int64_t number = 0;
  if (!(file >> number)) return std::nullopt;
  return number;
}

std::int64_t value_in_file(const std::filesystem::path& path, const std::string& name) {
  std::ifstream file(path);
  std::string each;
  std::int64_t value = 0;
  while (file >> each >> value) {
    if (each == name) return value;
    file.ignore(1'000, '\n');
  }
  return 0;
}

int write_to(const std::filesystem::path& path, const std::string& text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return errno;
  return ::write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

}  // namespace shoal::shell
