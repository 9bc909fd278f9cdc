#include "store/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace shoal::store {
namespace {

Status failed(int error, const std::string& what, const char* remedy) {
  const bool is_short = error == ENOSPC || error == ENOMEM || error == EFBIG || error == EDQUOT;
  return {is_short ? ErrorCode::no_space : ErrorCode::io,
          fmt::format("{}: {}; {}", what, std::strerror(error), remedy)};
}

constexpr const char* k_more_memory = "give the store less memory, or the machine or its container more";
constexpr const char* k_more_files = "check how many files a process may open (ulimit -n)";

int reserve(int descriptor, std::uint64_t bytes) {
  int done = 0;
  do { done = fallocate(descriptor, 0, 0, static_cast<off_t>(bytes)); } while (done != 0 && errno == EINTR);
  return done == 0 ? 0 : errno;
}

bool fits(std::uint64_t bytes) { return bytes > 0 && bytes <= static_cast<std::uint64_t>(INT64_MAX); }

}  // namespace

std::optional<std::uint64_t> available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string name; file >> name;) {
    std::uint64_t kib = 0;
    if (name == "MemAvailable:" && file >> kib) return kib * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

Result<SharedMemory> SharedMemory::create(std::uint64_t bytes, Reserve reserved) {
  const std::string what = fmt::format("{} bytes of shared memory", bytes);
  if (!fits(bytes)) return failed(EFBIG, what, k_more_memory);
  if (const auto available = available_memory();
      reserved == Reserve::now && available && !reserve_fits(bytes, *available)) {
    return failed(ENOMEM, fmt::format("{}, where {} are available", what, *available), k_more_memory);
  }
  Fd descriptor(memfd_create("shoal", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!descriptor.is_open()) return failed(errno, what, k_more_files);
  if (ftruncate(descriptor.get(), static_cast<off_t>(bytes)) != 0) return failed(errno, what, k_more_memory);
  if (reserved == Reserve::now) {
    if (const int error = reserve(descriptor.get(), bytes)) return failed(error, what, k_more_memory);
  }
  // Who gets a reading descriptor cannot open another one to write.
  if (fchmod(descriptor.get(), S_IRUSR) != 0) return failed(errno, what, "this is a defect of the system");
  if (fcntl(descriptor.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return failed(errno, what, "the kernel must know seals (Linux 3.17)");
  }
  return SharedMemory(std::move(descriptor), bytes);
}

Result<SharedMemory> SharedMemory::create_on_disk(std::uint64_t bytes, const std::string& folder) {
  const std::string what = fmt::format("{} bytes for an extent in {}", bytes, folder);
  const char* const remedy = "free space there, or give the store another spill folder";
  if (!fits(bytes)) return failed(EFBIG, what, remedy);
  Fd descriptor(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!descriptor.is_open()) return failed(errno, what, remedy);
  if (const int error = reserve(descriptor.get(), bytes)) return failed(error, what, remedy);
  if (fchmod(descriptor.get(), S_IRUSR) != 0) return failed(errno, what, remedy);
  return SharedMemory(std::move(descriptor), bytes);
}

Result<Fd> SharedMemory::reader() const {
  const std::string own = fmt::format("/proc/self/fd/{}", descriptor_.get());
  Fd reading(open(own.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reading.is_open()) return failed(errno, "a reading descriptor of shared memory", "is /proc mounted?");
  return reading;
}

Status SharedMemory::discard() {
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (fallocate(descriptor_.get(), mode, 0, static_cast<off_t>(bytes_)) == 0) return {};
  return failed(errno, "giving shared memory back", "its pages go with the last process that maps them");
}

Result<Mapping> Mapping::map(int descriptor, std::uint64_t bytes, Access access) {
  const int protection = access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const at = mmap(nullptr, bytes, protection, MAP_SHARED, descriptor, 0);
  if (at == MAP_FAILED) {
    const ErrorCode code = errno == EACCES   ? ErrorCode::permission_denied
                           : errno == ENOMEM ? ErrorCode::out_of_memory
                                             : ErrorCode::io;
    return Status(code, fmt::format("mapping {} bytes of shared memory: {}; check the limits of address space and of "
                                    "mappings (vm.max_map_count)",
                                    bytes, std::strerror(errno)));
  }
  Mapping mapping;
  mapping.bytes_ = {static_cast<std::byte*>(at), bytes};
  return mapping;
}

Mapping::~Mapping() {
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

void Mapping::touch(std::uint64_t from, std::uint64_t to) const {
  if (from < to) ::madvise(bytes_.data() + from, to - from, MADV_POPULATE_WRITE);  // from Linux 5.14 on
}

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace shoal::store
