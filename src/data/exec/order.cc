#include "data/exec/order.h"

#include <algorithm>
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

std::vector<Block> ReorderBuffer::clear_behind(std::int64_t ordinal) {
  std::vector<Block> all;
  for (std::int64_t each = std::max(head_, ordinal + 1); each < head_ + std::ssize(slots_); ++each) {
    std::vector<Block>& held = slot(each).blocks;
    all.insert(all.end(), held.begin(), held.end());
    held.clear();
  }
  held_ -= std::ssize(all);
  return all;
}

}  // namespace shoal::data
