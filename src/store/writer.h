#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "store/place.h"

namespace shoal::store {

/// Memory for one object that is being written.
struct Piece {
  ExtentId extent = 0;
  std::uint64_t offset = 0;
  std::span<std::byte> bytes{};
};

/// A process's extents, and which pieces of them are being written. It asks nobody: where it has no room, its owner asks
/// the daemon for an extent of extent_bytes() and brings it. Not thread-safe.
///
///     if (auto piece = writer.allocate(bytes)) {
///       ...                                       // write
///       daemon.seal(object, writer.seal(*piece, bytes));
///     }
class Writer {
 public:
  /// `least`: an extent with less room is returned, since no piece will be so small.
  explicit Writer(std::uint64_t least = 1) : least_(least) {}

  /// A piece that is aligned to k_alignment; nothing where no extent has room for it.
  std::optional<Piece> allocate(std::uint64_t bytes);
  /// What to ask for, so that pieces of so many bytes fill it: more each time, until extents are large.
  std::uint64_t extent_bytes(std::uint64_t bytes) const;
  /// An extent, empty and mapped, until it is returned or the writer ends.
  void add(ExtentId extent, std::span<std::byte> bytes);

  /// The piece's first bytes are an object from now on: tell the daemon this place. What is behind them is used again where
  /// no other piece was given meanwhile. Precondition: bytes <= piece.bytes.size().
  Place seal(const Piece& piece, std::uint64_t bytes);
  /// As seal(), but the extent is not returned before leave(): whoever wrote the piece reads it still, through the mapping that
  /// it wrote to, which no pin holds.
  Place publish(const Piece& piece, std::uint64_t bytes);
  void leave(const Piece& piece);
  /// The piece will not be an object.
  void abandon(const Piece& piece);

  /// The daemon wants this one back; unknown ones are none of its business. It is given back when no piece of it is open.
  void recall(ExtentId extent);
  /// Extents in which nothing is written any more and which another one replaced, or which were recalled: return them.
  std::vector<ExtentId> take_returned() { return std::exchange(returned_, {}); }

 private:
  struct Extent {
    std::span<std::byte> bytes;
    std::uint64_t used = 0;
    std::size_t open = 0;    // pieces
    bool is_filled = false;  // no other piece is taken of it
  };
  std::optional<Piece> cut(ExtentId id, Extent& extent, std::uint64_t bytes);
  void choose_current();
  static std::uint64_t room(const Extent& extent);
  void close(ExtentId id);
  void trim(const Piece& piece, std::uint64_t bytes);
  void return_if_done(ExtentId id);

  const std::uint64_t least_;
  std::map<ExtentId, Extent> extents_;
  ExtentId current_ = 0;  // new pieces are cut off it
  ExtentId before_ = 0;   // the one that was, until a piece was cut off the new one
  std::size_t added_ = 0;
  std::vector<ExtentId> returned_;
};

}  // namespace shoal::store
