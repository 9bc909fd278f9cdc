#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/thread_safety.h"

namespace shoal::data {

/// Page-aligned memory in eight sizes per power of two, so that a freed region fits the next request of about its
/// size. Regions that were given back are kept, with their pages, while all live bytes and the kept ones together are
/// within the limit. A request that none fits takes over the pages of one that nobody wanted for a whole turn of the
/// live ones: while a run's blocks still grow, it would leave a trail of sizes behind. Thread-safe.
class PageCache {
 public:
  PageCache() = default;
  ~PageCache();
  PageCache(const PageCache&) = delete;
  PageCache& operator=(const PageCache&) = delete;

  /// The size of the region that a request of `bytes` gets.
  static std::int64_t region_bytes(std::int64_t bytes);

  /// A region of region_bytes(bytes) bytes with anything in it; null when the system has none.
  std::uint8_t* take(std::int64_t bytes);
  /// Ends the use of what take(bytes) or resize(.., bytes) gave.
  void give(std::uint8_t* region, std::int64_t bytes);
  /// The same contents in a region for `new_bytes`, moved without a copy; null, and nothing done, when the system has
  /// none.
  std::uint8_t* resize(std::uint8_t* region, std::int64_t old_bytes, std::int64_t new_bytes);

  /// Raises or lowers the limit; what no longer fits goes back to the system at once.
  void add_limit(std::int64_t bytes);
  /// Counts live bytes that are not of this cache against the limit.
  void add_live_elsewhere(std::int64_t bytes) { live_elsewhere_.fetch_add(bytes, std::memory_order_relaxed); }

  std::int64_t kept_bytes() const;

 private:
  struct Region {
    std::uint8_t* start;
    std::int64_t mapped;
    std::int64_t touched;   // as far as the last user went
    std::int64_t given_at;  // in takes
  };
  std::int64_t used() const REQUIRES(mutex_) {
    return live_bytes_ + live_elsewhere_.load(std::memory_order_relaxed) + kept_bytes_;
  }
  std::optional<Region> take_same(std::int64_t mapped) REQUIRES(mutex_);
  std::optional<Region> take_idle(std::int64_t mapped) REQUIRES(mutex_);
  std::uint8_t* take_of_slab(std::int64_t mapped) REQUIRES(mutex_);
  std::vector<Region> trim() REQUIRES(mutex_);
  static void unmap(const std::vector<Region>& regions);

  std::atomic<std::int64_t> live_elsewhere_{0};
  mutable Mutex mutex_;
  std::map<std::int64_t, std::deque<Region>> kept_ GUARDED_BY(mutex_);  // by mapped size; the last given last
  std::int64_t takes_ GUARDED_BY(mutex_) = 0;
  std::int64_t live_regions_ GUARDED_BY(mutex_) = 0;
  std::int64_t kept_bytes_ GUARDED_BY(mutex_) = 0;
  std::int64_t live_bytes_ GUARDED_BY(mutex_) = 0;
  std::int64_t limit_ GUARDED_BY(mutex_) = 0;
};

}  // namespace shoal::data
