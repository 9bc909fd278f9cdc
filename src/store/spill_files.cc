#include "store/spill_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "store/checksum.h"
#include "store/limits.h"

namespace shoal::store {

Result<std::unique_ptr<SpillFiles>> SpillFiles::open(Options options) {
  if (options.folders.empty() || options.segment_bytes == 0) {
    return Status(ErrorCode::invalid_argument,
                  "spilling needs a folder and segments of some size; name a spill folder");
  }
  std::unique_ptr<SpillFiles> files(new SpillFiles(std::move(options)));
  for (const std::string& each : files->options_.folders) {
    SHOAL_ASSIGN_OR_RETURN(SpillFolder folder, SpillFolder::make(each));
    files->folders_.push_back(std::move(folder));
  }
  files->current_.resize(files->folders_.size());
  return files;
}

SpillFiles::~SpillFiles() = default;

// --- Writing.

Status SpillFiles::write(std::uint64_t key, std::span<const std::byte> bytes) {
  assert(records_.count(key) == 0);
  while (bytes.size() > options_.quota_bytes - std::min(file_bytes_, options_.quota_bytes)) {
    if (compact_one()) continue;
    return {ErrorCode::no_space,
            fmt::format("spilling {} bytes: {} of {} bytes that spill files may have are taken; drop "
                        "references, or raise the spill quota",
                        bytes.size(), file_bytes_, options_.quota_bytes)};
  }
  Result<Record> record = append(bytes);
  while (record.status().code() == ErrorCode::no_space && compact_one()) record = append(bytes);
  SHOAL_RETURN_IF_ERROR(record.status());
  adopt(key, *record);
  return {};
}

std::vector<std::size_t> SpillFiles::turns() {
  std::vector<std::uint64_t> free;
  for (const SpillFolder& each : folders_) free.push_back(each.free_bytes());
  const std::uint64_t most = *std::max_element(free.begin(), free.end());
  // One that is much fuller than another comes after all that are not.
  std::vector<std::size_t> order, fuller;
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const std::size_t each = (turn_ + i) % folders_.size();
    (free[each] >= most / 2 ? order : fuller).push_back(each);
  }
  order.insert(order.end(), fuller.begin(), fuller.end());
  turn_ = (turn_ + 1) % folders_.size();
  return order;
}

Result<SpillFiles::Record> SpillFiles::append(std::span<const std::byte> bytes) {
  std::string full;
  for (const std::size_t folder : turns()) {
    Result<Record> record = append_to(folder, bytes);
    if (record.status().code() != ErrorCode::no_space) return record;
    full += (full.empty() ? "" : "; ") + record.status().text();
  }
  return Status(ErrorCode::no_space, fmt::format("spilling {} bytes: {}", bytes.size(), full));
}

Result<SpillFiles::Record> SpillFiles::append_to(std::size_t folder, std::span<const std::byte> bytes) {
  SHOAL_ASSIGN_OR_RETURN(Segment* const segment, segment_for(folder, bytes.size()));
  Checksum checksum;
  for (std::size_t done = 0; done < bytes.size(); done += std::min(k_spill_part_bytes, bytes.size() - done)) {
    const auto part = bytes.subspan(done, std::min(k_spill_part_bytes, bytes.size() - done));
    checksum.add(part);
    if (Status fault = write_part(*segment, segment->end + done, part); !fault.ok()) {
      // What was written of it is of no use; where even that fails it is written over.
      [[maybe_unused]] const int ignored = ftruncate(segment->file.get(), static_cast<off_t>(segment->end));
      delete_if_empty(*segment);
      return fault;
    }
  }
  const Record record{segment, segment->end, bytes.size(), checksum.value()};
  segment->end += bytes.size();
  file_bytes_ += bytes.size();
  return record;
}

Result<SpillFiles::Segment*> SpillFiles::segment_for(std::size_t folder, std::uint64_t bytes) {
  Segment*& current = current_[folder];
  if (current != nullptr && current->end > 0 &&
      bytes > options_.segment_bytes - std::min(current->end, options_.segment_bytes)) {
    Segment& full = *std::exchange(current, nullptr);
    delete_if_empty(full);
  }
  if (current == nullptr) {
    Segment segment{.folder = folder};
    SHOAL_ASSIGN_OR_RETURN(segment.file, folders_[folder].create(segment.name));
    // The system reads further ahead then: an object is read from its beginning to its end.
    posix_fadvise(segment.file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    segments_.push_back(std::move(segment));
    current = &segments_.back();
  }
  return current;
}

Status SpillFiles::write_part(Segment& segment, std::uint64_t offset, std::span<const std::byte> part) const {
  while (!part.empty()) {
    const ssize_t count = pwrite(segment.file.get(), part.data(), part.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return file_fault(count < 0 ? errno : ENOSPC, "writing", path_of(segment));
    part = part.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

// --- Reading.

Status SpillFiles::read(std::uint64_t key, std::span<std::byte> into) {
  const auto at = records_.find(key);
  assert(at != records_.end() && at->second.bytes == into.size());
  return read_record(at->second, into);
}

Status SpillFiles::read_record(const Record& record, std::span<std::byte> into) const {
  const Segment& segment = *record.segment;
  Checksum checksum;
  for (std::size_t done = 0; done < into.size();) {
    const auto part = into.subspan(done, std::min(k_spill_part_bytes, into.size() - done));
    const ssize_t count = pread(segment.file.get(), part.data(), part.size(), static_cast<off_t>(record.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_fault(errno, "reading", path_of(segment));
    if (count == 0) break;
    checksum.add(part.first(static_cast<std::size_t>(count)));
    done += static_cast<std::size_t>(count);
  }
  if (checksum.value() == record.checksum) return {};
  return {ErrorCode::corrupt_data,
          fmt::format("{} bytes at {} of {} are not what was written; look at the disk, and name another spill folder",
                      record.bytes, record.offset, path_of(segment))};
}

// --- Removing.

void SpillFiles::remove(std::uint64_t key) {
  const auto at = records_.find(key);
  assert(at != records_.end());
  const Record record = at->second;
  records_.erase(at);
  leave(key, record);
  while (holes() > std::max(live_bytes_, 2 * options_.segment_bytes) && compact_one()) {}
}

void SpillFiles::adopt(std::uint64_t key, const Record& record) {
  record.segment->keys.insert(key);
  record.segment->live += record.bytes;
  live_bytes_ += record.bytes;
  records_[key] = record;
}

void SpillFiles::leave(std::uint64_t key, const Record& record) {
  record.segment->keys.erase(key);
  record.segment->live -= record.bytes;
  live_bytes_ -= record.bytes;
  delete_if_empty(*record.segment);
}

void SpillFiles::delete_if_empty(Segment& segment) {
  if (!segment.keys.empty()) return;
  if (is_current(segment)) current_[segment.folder] = nullptr;
  file_bytes_ -= segment.end;
  folders_[segment.folder].remove(segment.name);
  segments_.remove_if([&](const Segment& each) { return &each == &segment; });
}

bool SpillFiles::compact_one() {
  Segment* emptiest = nullptr;
  for (Segment& each : segments_) {
    if (each.live == each.end || is_current(each)) continue;
    if (emptiest == nullptr || each.end - each.live > emptiest->end - emptiest->live) emptiest = &each;
  }
  if (emptiest == nullptr) {
    // The current ones may be all there are: they are full, then.
    const auto holed = std::find_if(current_.begin(), current_.end(),
                                    [](const Segment* each) { return each != nullptr && each->live < each->end; });
    if (holed == current_.end()) return false;
    emptiest = std::exchange(*holed, nullptr);
  }
  const std::set<std::uint64_t> keys = emptiest->keys;
  std::vector<std::byte> bytes;
  for (const std::uint64_t key : keys) {
    const Record from = records_.at(key);
    bytes.resize(from.bytes);
    if (!read_record(from, bytes).ok()) return false;  // whoever reads it will hear
    const Result<Record> to = append(bytes);
    if (!to.ok()) return false;
    adopt(key, *to);
    leave(key, from);
  }
  return true;
}

// --- What there is.

SpillFiles::Usage SpillFiles::usage() const {
  return {
      .live_bytes = live_bytes_, .file_bytes = file_bytes_, .objects = records_.size(), .segments = segments_.size()};
}

std::string SpillFiles::roomiest() const {
  const auto most = std::max_element(folders_.begin(), folders_.end(), [](const SpillFolder& a, const SpillFolder& b) {
    return a.free_bytes() < b.free_bytes();
  });
  return most->path();
}

}  // namespace shoal::store
