#include "data/memory/page_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace shoal::data {
namespace {

constexpr std::int64_t k_page = 4096;
constexpr std::int64_t k_huge_page = 2 << 20;
constexpr std::int64_t k_slab = 2 * k_huge_page;

std::uint8_t* map_pages(std::int64_t size) {
  void* start = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0);
  return start == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(start);
}

/// A region as large as a huge page begins at one and asks for them: one fault then serves 512 pages, and a first touch
/// costs a quarter.
std::uint8_t* map(std::int64_t size) {
  if (size < k_huge_page) return map_pages(size);
  std::uint8_t* start = map_pages(size + k_huge_page);
  if (start == nullptr) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  const auto before = static_cast<std::int64_t>(-address & (k_huge_page - 1));
  if (before > 0) munmap(start, static_cast<std::size_t>(before));
  start += before;
  munmap(start + size, static_cast<std::size_t>(k_huge_page - before));
  madvise(start, static_cast<std::size_t>(size), MADV_HUGEPAGE);  // a hint: without huge pages all works as well
  return start;
}

void unmap_region(std::uint8_t* start, std::int64_t size) { munmap(start, static_cast<std::size_t>(size)); }

/// The pages at `start` in a region of another size; null if the system has none.
std::uint8_t* remap(std::uint8_t* start, std::int64_t old_size, std::int64_t new_size) {
#ifdef __SANITIZE_THREAD__
  // The sanitizer does not see that mremap makes memory new, and takes its last user for a racing one.
  std::uint8_t* moved = map(new_size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, start, static_cast<std::size_t>(std::min(old_size, new_size)));
  unmap_region(start, old_size);
  return moved;
#else
  void* moved = mremap(start, static_cast<std::size_t>(old_size), static_cast<std::size_t>(new_size), MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(moved);
#endif
}

/// A region of `size` bytes with the pages of one of `old_size`, as many as fit, where huge pages stay whole; null, and
/// `start` gone, if the system has none.
std::uint8_t* refit(std::uint8_t* start, std::int64_t old_size, std::int64_t size) {
  if (size <= old_size) {
    unmap_region(start + size, old_size - size);
    return start;
  }
  std::uint8_t* place = map(size);
#ifndef __SANITIZE_THREAD__
  if (place != nullptr && mremap(start, static_cast<std::size_t>(old_size), static_cast<std::size_t>(size),
                                 MREMAP_MAYMOVE | MREMAP_FIXED, place) != MAP_FAILED) {
    return place;
  }
#endif
  unmap_region(start, old_size);
  return place;
}

}  // namespace

PageCache::~PageCache() { add_limit(-limit_); }

std::int64_t PageCache::region_bytes(std::int64_t bytes) {
  const auto size = static_cast<std::uint64_t>(bytes < 8 * k_page ? 8 * k_page : bytes);
  const std::uint64_t step = std::bit_floor(size) / 8;
  return static_cast<std::int64_t>((size + step - 1) / step * step);
}

std::uint8_t* PageCache::take(std::int64_t bytes) {
  const std::int64_t mapped = region_bytes(bytes);
  std::optional<Region> idle;
  std::vector<Region> unneeded;
  {
    const Lock lock(mutex_);
    live_bytes_ += bytes;
    ++live_regions_;
    ++takes_;
    if (const std::optional<Region> same = take_same(mapped)) return same->start;
    if (std::uint8_t* start = take_of_slab(mapped)) return start;
    idle = take_idle(mapped);
    unneeded = trim();
  }
  unmap(unneeded);
  std::uint8_t* start = idle ? refit(idle->start, idle->mapped, mapped) : map(mapped);
  if (start != nullptr) return start;
  const Lock lock(mutex_);
  live_bytes_ -= bytes;
  --live_regions_;
  return nullptr;
}

std::optional<PageCache::Region> PageCache::take_same(std::int64_t mapped) {
  const auto same_size = kept_.find(mapped);
  if (same_size == kept_.end() || same_size->second.empty()) return std::nullopt;
  const Region region = same_size->second.back();
  same_size->second.pop_back();
  kept_bytes_ -= region.touched;
  return region;
}

// The largest that is not too large has the most pages to give; one that is too large loses some.
std::optional<PageCache::Region> PageCache::take_idle(std::int64_t mapped) {
  if (mapped < k_huge_page) return std::nullopt;
  std::deque<Region>* best = nullptr;
  for (auto size = kept_.lower_bound(k_huge_page); size != kept_.end(); ++size) {
    if (best != nullptr && size->first > mapped) break;
    const bool idle = !size->second.empty() && takes_ - size->second.front().given_at > live_regions_;
    if (idle) best = &size->second;
  }
  if (best == nullptr) return std::nullopt;
  const Region region = best->front();
  best->pop_front();
  kept_bytes_ -= region.touched;
  return region;
}

// Small regions come several at once, so that huge pages serve them too. Each is unmapped on its own all the same.
std::uint8_t* PageCache::take_of_slab(std::int64_t mapped) {
  const std::int64_t count = k_slab / mapped;
  if (count < 2 || used() + k_slab > limit_) return nullptr;
  std::uint8_t* slab = map(k_slab);
  if (slab == nullptr) return nullptr;
  if (count * mapped < k_slab) unmap_region(slab + count * mapped, k_slab - count * mapped);
  std::deque<Region>& regions = kept_[mapped];
  for (std::int64_t i = count - 1; i > 0; --i) regions.push_back({slab + i * mapped, mapped, mapped, takes_});
  kept_bytes_ += (count - 1) * mapped;
  return slab;
}

void PageCache::give(std::uint8_t* region, std::int64_t bytes) {
  std::vector<Region> unneeded;
  {
    const Lock lock(mutex_);
    live_bytes_ -= bytes;
    --live_regions_;
    const std::int64_t mapped = region_bytes(bytes);
    kept_[mapped].push_back({region, mapped, bytes, takes_});
    kept_bytes_ += bytes;
    unneeded = trim();
  }
  unmap(unneeded);
}

std::uint8_t* PageCache::resize(std::uint8_t* region, std::int64_t old_bytes, std::int64_t new_bytes) {
  const std::int64_t old_mapped = region_bytes(old_bytes);
  const std::int64_t new_mapped = region_bytes(new_bytes);
  if (old_mapped != new_mapped) {
    region = remap(region, old_mapped, new_mapped);
    if (region == nullptr) return nullptr;
  }
  std::vector<Region> unneeded;
  {
    const Lock lock(mutex_);
    live_bytes_ += new_bytes - old_bytes;
    unneeded = trim();
  }
  unmap(unneeded);
  return region;
}

void PageCache::add_limit(std::int64_t bytes) {
  std::vector<Region> unneeded;
  {
    const Lock lock(mutex_);
    limit_ += bytes;
    unneeded = trim();
  }
  unmap(unneeded);
}

std::int64_t PageCache::kept_bytes() const {
  const Lock lock(mutex_);
  return kept_bytes_;
}

// The largest go first: they give the most back for one call of the system.
std::vector<PageCache::Region> PageCache::trim() {
  std::vector<Region> out;
  while (kept_bytes_ > 0 && used() > limit_) {
    const auto largest = std::prev(kept_.end());
    if (!largest->second.empty()) {
      out.push_back(largest->second.back());
      largest->second.pop_back();
      kept_bytes_ -= out.back().touched;
    }
    if (largest->second.empty()) kept_.erase(largest);
  }
  return out;
}

void PageCache::unmap(const std::vector<Region>& regions) {
  for (const Region& region : regions) unmap_region(region.start, region.mapped);
}

}  // namespace shoal::data
