#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/posix.h"

namespace shoal::store {

/// Shared memory of one extent, table or directory, as the daemon holds it: anonymous (it has no name in any file system,
/// so nothing is left when all processes are gone), of a fixed size, and reserved: who maps it never gets SIGBUS. It needs
/// no /dev/shm. Linux.
class SharedMemory {
 public:
  enum class Reserve : std::uint8_t { now, when_touched };

  /// Not anonymous memory of a process but of the system (memfd), sealed against shrinking and growing. With
  /// `when_touched` pages come as they are written, for tables of which little is used: only the daemon's own, since such
  /// memory may run out later. Errors: no_space where the system is short of memory, io.
  ///
  /// The kernel does not refuse a reservation that is too large: it ends processes instead. So what would leave less than a
  /// sixteenth of the free memory is refused here, by reserve_fits().
  static Result<SharedMemory> create(std::uint64_t bytes, Reserve reserve = Reserve::now);
  /// The same on disk, in a file without a name below `folder`: slower, and as large as the disk. Errors: no_space, with
  /// the folder and the need; io.
  static Result<SharedMemory> create_on_disk(std::uint64_t bytes, const std::string& folder);

  std::uint64_t bytes() const { return bytes_; }
  /// For the one process that writes; it stays open as long as this.
  int writer() const { return descriptor_.get(); }
  /// A descriptor through which nothing can be written, whatever the receiver does to its mapping. Errors: io.
  Result<Fd> reader() const;
  /// Gives the pages back to the system, whoever has them mapped still: they read zeros from now on. Errors: io.
  Status discard();

 private:
  SharedMemory(Fd descriptor, std::uint64_t bytes) : descriptor_(std::move(descriptor)), bytes_(bytes) {}

  Fd descriptor_;
  std::uint64_t bytes_;
};

/// Whether so many bytes may be reserved where so many are available.
constexpr bool reserve_fits(std::uint64_t bytes, std::uint64_t available) {
  return bytes <= available - available / 16;
}
/// Bytes that the system could give without ending processes; nothing where it does not tell (/proc/meminfo).
std::optional<std::uint64_t> available_memory();

/// Shared memory, mapped into this process. Unmapped at the end of its life.
class Mapping {
 public:
  enum class Access : std::uint8_t { read, write };

  Mapping() = default;
  /// A write through Access::read is SIGSEGV. Errors: permission_denied where the descriptor allows less, io, out_of_memory.
  static Result<Mapping> map(int descriptor, std::uint64_t bytes, Access access);
  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;

  /// Precondition of writing to it: Access::write.
  std::span<std::byte> bytes() const { return bytes_; }
  /// Puts the pages of a part into this process's tables, to be written, all at once instead of by a fault for each; best
  /// effort. Precondition: from <= to, both are in bytes(), and `from` is a multiple of a page.
  void touch(std::uint64_t from, std::uint64_t to) const;
  /// Precondition: the memory is so large, and aligned objects of T may be made of zeros.
  template <class T>
  std::span<T> as(std::size_t count) const {
    return {reinterpret_cast<T*>(bytes_.data()), count};
  }

 private:
  std::span<std::byte> bytes_;
};

}  // namespace shoal::store
