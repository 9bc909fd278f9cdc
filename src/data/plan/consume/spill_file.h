#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/op/stream.h"

namespace shoal::data {

/// Blocks in a file that was unlinked when it was opened: mode 0600, no name, gone with the process whatever ends it.
/// Written by one thread, read by many.
class SpillFile {
 public:
  struct Place {
    std::int64_t offset = 0;
    std::int64_t length = 0;
  };

  /// Errors: those of the operating system, naming the folder and RunOptions.spill_dir.
  static Result<std::unique_ptr<SpillFile>> open(const std::string& folder);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  /// Appends the block as an Arrow IPC stream of its own. `bytes` is its size in memory, for the error's text.
  /// Errors: no_space (full disk, quota, file size limit), io.
  Result<Place> write(const Rows& block, std::int64_t bytes);
  /// Reads it again and checks it fully. Errors: io, corrupt_data. Any thread.
  Result<Rows> read(const Place& place, arrow::MemoryPool* pool) const;

  std::int64_t size() const { return size_; }

 private:
  SpillFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}

  const int fd_;
  const std::string folder_;
  std::int64_t size_ = 0;
};

}  // namespace shoal::data
