#include "data/exec/order.h"

#include <cassert>

namespace shoal::data {

ReorderBuffer::Slot& ReorderBuffer::slot(std::int64_t ordinal) {
  assert(ordinal >= head_);
  const auto index = static_cast<std::size_t>(ordinal - head_);
  if (index >= slots_.size()) slots_.resize(index + 1);
  return slots_[index];
}

void ReorderBuffer::push(std::int64_t ordinal, const Block& block, std::vector<Block>& out) {
  if (!ordered_ || ordinal == head_) {
    out.push_back(block);
    return;
  }
  slot(ordinal).blocks.push_back(block);
  ++held_;
}

void ReorderBuffer::close(std::int64_t ordinal, std::vector<Block>& out) {
  if (!ordered_) return;
  slot(ordinal).closed = true;
  while (!slots_.empty() && slots_.front().closed) {
    slots_.pop_front();
    ++head_;
    if (slots_.empty()) break;
    std::vector<Block>& next = slots_.front().blocks;
    held_ -= static_cast<std::int64_t>(next.size());
    out.insert(out.end(), next.begin(), next.end());
    next.clear();
  }
}

std::vector<Block> ReorderBuffer::clear() {
  std::vector<Block> all;
  for (Slot& held : slots_) {
    all.insert(all.end(), held.blocks.begin(), held.blocks.end());
    held.blocks.clear();
  }
  held_ = 0;
  return all;
}

}  // namespace shoal::data
