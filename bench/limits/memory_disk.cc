// The limits of the store's lines: a copy into memory that is warm or fresh, and plain writes and reads of one file. Prints
// one JSON line: limit_store LINE COUNT [FOLDER].
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t k_mib = std::size_t{1} << 20, k_large = 256 * k_mib, k_object = 8 * k_mib;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

double copy(long rounds, bool is_warm) {
  const std::vector<std::byte> from(k_large, std::byte(1));
  std::byte* into[2];
  for (std::byte*& each : into) {
    void* const at = mmap(nullptr, k_large, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) fail("mmap");
    each = static_cast<std::byte*>(at);
    if (is_warm) std::memcpy(each, from.data(), k_large);
  }
  if (!is_warm) rounds = 1;
  const auto start = Clock::now();
  for (long i = 0; i < rounds; ++i) std::memcpy(into[i % 2], from.data(), k_large);
  return static_cast<double>(rounds) * k_large / seconds_since(start) / 1e9;
}

double disk(long mib, const std::string& folder, bool reads) {
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/limit-store-probe";
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) fail(path.c_str());
  unlink(path.c_str());
  std::vector<std::byte> bytes(k_object);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 2654435761u >> 13);
  const long count = mib * static_cast<long>(k_mib) / static_cast<long>(k_object);
  if (syncfs(file) != 0) fail("syncfs");
  auto start = Clock::now();
  for (long i = 0; i < count; ++i) {
    if (write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) fail("write");
  }
  if (syncfs(file) != 0) fail("syncfs");
  if (reads) {
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    start = Clock::now();
    for (long i = 0; i < count; ++i) {
      const auto at = static_cast<off_t>(i) * static_cast<off_t>(k_object);
      if (pread(file, bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size())) fail("read");
    }
  }
  return static_cast<double>(count) * k_object / seconds_since(start) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string line = argc >= 3 ? argv[1] : "";
  const long count = argc >= 3 ? std::atol(argv[2]) : 0;
  const std::string folder = argc > 3 ? argv[3] : ".";
  double value = 0;
  if (line == "put_large" || line == "put_large_fresh") value = copy(count, line == "put_large");
  else if (line == "spill_write" || line == "spill_read") value = disk(count, folder, line == "spill_read");
  else return 2;
  std::printf("{\"value\": %.6f}\n", value);
}
