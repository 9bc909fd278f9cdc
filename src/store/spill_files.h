#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/posix.h"
#include "store/spill_folder.h"

namespace shoal::store {

/// Objects on disk: appended to segment files in one or more folders, by turns, so that several disks work at once. What
/// each holds is known in memory only, with a checksum: the files are of no use to another process, and go with this one.
/// One thread at a time. Its owner is the daemon.
///
/// Removed objects leave holes. A segment without an object is deleted; when holes are more than half, the emptiest
/// segments are copied together.
class SpillFiles {
 public:
  struct Options {
    std::vector<std::string> folders{};          ///< At least one.
    std::uint64_t segment_bytes = 128ull << 20;  ///< A larger object has a file of its own.
    std::uint64_t quota_bytes = UINT64_MAX;      ///< Of all files; while one is copied, so much more.
  };
  struct Usage {
    std::uint64_t live_bytes = 0, file_bytes = 0;
    std::size_t objects = 0, segments = 0;
    friend bool operator==(const Usage&, const Usage&) = default;
  };

  /// Errors: invalid_argument, permission_denied, io, no_space.
  static Result<std::unique_ptr<SpillFiles>> open(Options options);
  SpillFiles(const SpillFiles&) = delete;
  SpillFiles& operator=(const SpillFiles&) = delete;
  /// Removes all files.
  ~SpillFiles();

  /// All of it or nothing. Errors: no_space, with each folder and the need: it is worth trying again when something was
  /// removed, here or by others; io. Precondition: the key is new.
  Status write(std::uint64_t key, std::span<const std::byte> bytes);
  /// Exactly what was written. Errors: corrupt_data, io. Precondition: the key is there, and `into` is as large.
  Status read(std::uint64_t key, std::span<std::byte> into);
  /// Precondition: the key is there.
  void remove(std::uint64_t key);

  Usage usage() const;
  /// Where an extent on disk has the most room.
  std::string roomiest() const;

 private:
  struct Segment {
    std::size_t folder = 0;
    std::string name{};
    Fd file{};
    std::uint64_t end = 0, live = 0;
    std::set<std::uint64_t> keys{};
  };
  struct Record {
    Segment* segment = nullptr;
    std::uint64_t offset = 0, bytes = 0, checksum = 0;
  };

  explicit SpillFiles(Options options) : options_(std::move(options)) {}

  /// Folders in the order in which the next object tries them.
  std::vector<std::size_t> turns();
  Result<Record> append(std::span<const std::byte> bytes);
  Result<Record> append_to(std::size_t folder, std::span<const std::byte> bytes);
  Result<Segment*> segment_for(std::size_t folder, std::uint64_t bytes);
  Status write_part(Segment& segment, std::uint64_t offset, std::span<const std::byte> part) const;
  Status read_record(const Record& record, std::span<std::byte> into) const;
  void adopt(std::uint64_t key, const Record& record);
  void leave(std::uint64_t key, const Record& record);
  void delete_if_empty(Segment& segment);
  bool is_current(const Segment& segment) const { return current_[segment.folder] == &segment; }
  /// Copies what lives in the emptiest segment elsewhere, and deletes it; false where that is of no use or failed.
  bool compact_one();
  std::uint64_t holes() const { return file_bytes_ - live_bytes_; }
  std::string path_of(const Segment& segment) const { return folders_[segment.folder].path() + "/" + segment.name; }

  const Options options_;
  std::vector<SpillFolder> folders_;
  std::vector<Segment*> current_;  // of each folder, or null
  std::size_t turn_ = 0;
  std::list<Segment> segments_;
  std::map<std::uint64_t, Record> records_;
  std::uint64_t live_bytes_ = 0, file_bytes_ = 0;
};

}  // namespace shoal::store
