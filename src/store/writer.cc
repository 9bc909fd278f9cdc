#include "store/writer.h"

#include <algorithm>
#include <cassert>

#include "store/limits.h"

namespace shoal::store {
namespace {

/// Two empty pieces have different places.
std::uint64_t taken(std::uint64_t bytes) { return round_up(std::max<std::uint64_t>(bytes, 1), k_alignment); }

}  // namespace

std::optional<Piece> Writer::allocate(std::uint64_t bytes) {
  const auto at = extents_.find(current_);
  if (at == extents_.end()) return std::nullopt;
  const auto piece = cut(at->first, at->second, bytes);
  if (piece) choose_current();
  return piece;
}

/// Of the current extent and the one before, that with more room is for the next pieces: an extent may have been asked for one
/// large piece, and the other hold many small ones yet.
void Writer::choose_current() {
  ExtentId before = std::exchange(before_, 0);
  const auto older = extents_.find(before);
  if (older == extents_.end()) return;
  if (room(older->second) > room(extents_.at(current_))) current_ = std::exchange(before, current_);
  close(before);
}

std::uint64_t Writer::room(const Extent& extent) { return extent.is_filled ? 0 : extent.bytes.size() - extent.used; }

void Writer::close(ExtentId id) {
  extents_.at(id).is_filled = true;
  return_if_done(id);
}

std::optional<Piece> Writer::cut(ExtentId id, Extent& extent, std::uint64_t bytes) {
  // Less than a whole unit may be left at the end of an extent, and is as good for the last piece.
  const std::uint64_t room = extent.bytes.size() - extent.used;
  if (extent.is_filled || room == 0 || bytes > room) return std::nullopt;
  Piece piece{id, extent.used, extent.bytes.subspan(extent.used, bytes)};
  extent.used += std::min(taken(bytes), room);
  ++extent.open;
  return piece;
}

std::uint64_t Writer::extent_bytes(std::uint64_t bytes) const {
  std::uint64_t size = k_extent_bytes_min;
  for (std::size_t i = 0; i < added_ && size < k_extent_bytes_max; ++i) size *= k_extent_growth;
  const std::uint64_t each = taken(bytes);
  return round_up(std::max(each, size / each * each), k_page_bytes);
}

void Writer::add(ExtentId extent, std::span<std::byte> bytes) {
  if (extents_.contains(before_)) close(before_);
  before_ = std::exchange(current_, extent);
  extents_[extent] = {bytes};
  ++added_;
}

Place Writer::publish(const Piece& piece, std::uint64_t bytes) {
  assert(bytes <= piece.bytes.size());
  trim(piece, taken(bytes));
  return {piece.extent, piece.offset, bytes};
}

Place Writer::seal(const Piece& piece, std::uint64_t bytes) {
  const Place place = publish(piece, bytes);
  leave(piece);
  return place;
}

void Writer::abandon(const Piece& piece) {
  trim(piece, 0);
  leave(piece);
}

/// What is behind the first bytes is used again, where it is the last piece.
void Writer::trim(const Piece& piece, std::uint64_t bytes) {
  Extent& extent = extents_.at(piece.extent);
  const std::uint64_t size = extent.bytes.size();
  const bool is_last = std::min(piece.offset + taken(piece.bytes.size()), size) == extent.used;
  if (is_last) extent.used = std::min(piece.offset + bytes, size);
}

void Writer::leave(const Piece& piece) {
  Extent& extent = extents_.at(piece.extent);
  --extent.open;
  if (extent.bytes.size() - extent.used < least_) extent.is_filled = true;
  return_if_done(piece.extent);
}

void Writer::recall(ExtentId extent) {
  if (extents_.contains(extent)) close(extent);
}

void Writer::return_if_done(ExtentId id) {
  const auto at = extents_.find(id);
  if (!at->second.is_filled || at->second.open > 0) return;
  extents_.erase(at);
  if (current_ == id) current_ = 0;
  returned_.push_back(id);
}

}  // namespace shoal::store
