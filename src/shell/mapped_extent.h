#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/posix.h"
#include "base/status.h"
#include "store/memory.h"
#include "wire/store.h"

namespace shoal::shell {

/// An extent of the machine's store in this process, and how it is written at the least cost: a write of the system fills a page
/// that is not in the process's tables without a fault, and where it is, a copy by the processor is faster. Threads may use
/// it at once, each its own part.
class MappedExtent {
 public:
  /// Errors: those of store::Mapping::map(); corrupt_data (a message without one descriptor).
  static Result<std::shared_ptr<MappedExtent>> map(const wire::ExtentIs& is);

  std::span<std::byte> to_read() const { return reading_.bytes(); }
  /// Empty where this process may only read it.
  std::span<std::byte> to_write() const { return writing_.bytes(); }

  /// It was given to this process once more, empty: what is used often is put into its tables.
  void begin_use();
  /// Puts its pages into the tables up to `end`, or all of them, for who writes them without fill().
  void touch(std::uint64_t end);
  /// As memcpy(). Precondition: the bytes have room from `offset` on.
  void fill(std::uint64_t offset, std::span<const std::uint8_t> from);

 private:
  MappedExtent(store::Mapping reading, store::Mapping writing, std::shared_ptr<const Fd> file)
      : reading_(std::move(reading)), writing_(std::move(writing)), file_(std::move(file)) {}

  const store::Mapping reading_, writing_;
  const std::shared_ptr<const Fd> file_;
  std::atomic<int> uses_{0};
  std::atomic<std::uint64_t> touched_{0};  // of its first bytes
};

}  // namespace shoal::shell
