#include "store/pins.h"

#include <algorithm>
#include <cassert>

namespace shoal::store {
namespace {

constexpr std::uint64_t k_open = 1;

constexpr std::uint64_t open_word(std::uint64_t generation) { return generation << 1 | k_open; }
constexpr std::uint64_t closed_word(std::uint64_t generation) { return generation << 1; }

}  // namespace

PinTable::Pin PinTable::pin(const Residence& residence) {
  counts_[residence.slot].fetch_add(1, std::memory_order_seq_cst);
  if (directory_[residence.slot].load(std::memory_order_seq_cst) == open_word(residence.generation)) return Pin::held;
  // The daemon may have taken this count for a pin.
  return leave(residence.slot) ? Pin::gone_ring : Pin::gone;
}

bool PinTable::leave(std::uint32_t slot) {
  const std::uint32_t before = counts_[slot].fetch_sub(1, std::memory_order_seq_cst);
  assert(before > 0);
  return before == 1 && (directory_[slot].load(std::memory_order_seq_cst) & k_open) == 0;
}

void PinBoard::detach(ProcessId process) {
  std::erase_if(tables_, [&](const auto& table) { return table.first == process; });
}

std::optional<std::uint32_t> PinBoard::take_slot() {
  if (!free_.empty()) {
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (next_ == directory_.size()) return std::nullopt;
  return next_++;
}

void PinBoard::give_back(std::uint32_t slot) {
  assert((directory_[slot].load(std::memory_order_relaxed) & k_open) == 0);
  free_.push_back(slot);
}

Residence PinBoard::open(std::uint32_t slot) {
  const std::uint64_t generation = (directory_[slot].load(std::memory_order_relaxed) >> 1) + 1;
  directory_[slot].store(open_word(generation), std::memory_order_seq_cst);
  return {slot, generation};
}

bool PinBoard::close(const Residence& residence) {
  directory_[residence.slot].store(closed_word(residence.generation), std::memory_order_seq_cst);
  return !is_pinned(residence.slot);
}

void PinBoard::reopen(const Residence& residence) {
  directory_[residence.slot].store(open_word(residence.generation), std::memory_order_seq_cst);
}

bool PinBoard::is_pinned(std::uint32_t slot) const {
  return std::any_of(tables_.begin(), tables_.end(),
                     [&](const auto& table) { return table.second[slot].load(std::memory_order_seq_cst) != 0; });
}

std::vector<std::pair<ProcessId, std::uint32_t>> PinBoard::pins(std::uint32_t slot) const {
  std::vector<std::pair<ProcessId, std::uint32_t>> found;
  for (const auto& [process, counts] : tables_) {
    const std::uint32_t count = counts[slot].load(std::memory_order_seq_cst);
    if (count > 0) found.emplace_back(process, count);
  }
  return found;
}

}  // namespace shoal::store
