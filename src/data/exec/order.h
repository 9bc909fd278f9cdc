#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "data/exec/actions.h"

namespace shoal::data {

/// Puts the blocks of an operator's fragments into the order (fragment ordinal, item). Blocks of the head, the lowest
/// ordinal that is not closed, pass at once; those of later fragments are held. Without order everything passes.
/// O(1) amortised a call.
class ReorderBuffer {
 public:
  explicit ReorderBuffer(bool ordered) : ordered_(ordered) {}

  /// The next item of fragment `ordinal`; appends what may go on to `out`. Not after close(ordinal).
  void push(std::int64_t ordinal, const Block& block, std::vector<Block>& out);
  /// The fragment gives no more items; appends what may go on to `out`. Once for each ordinal.
  void close(std::int64_t ordinal, std::vector<Block>& out);
  /// Takes out all held blocks.
  std::vector<Block> clear() { return clear_behind(-1); }
  /// Takes out the held blocks of all fragments after `ordinal`.
  std::vector<Block> clear_behind(std::int64_t ordinal);

  bool ordered() const { return ordered_; }
  std::int64_t head() const { return head_; }
  /// Blocks that wait for an earlier fragment.
  std::int64_t held() const { return held_; }

 private:
  struct Slot {
    std::vector<Block> blocks;
    bool closed = false;
  };
  Slot& slot(std::int64_t ordinal);

  const bool ordered_;
  std::deque<Slot> slots_;  // of ordinals head_, head_ + 1, ...
  std::int64_t head_ = 0;
  std::int64_t held_ = 0;
};

}  // namespace shoal::data
