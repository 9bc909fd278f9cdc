#include "sched/gpu_slots.h"

#include <cassert>

#include "sched/resources.h"

namespace shoal::sched {

using wire::k_one;

GpuSlots::GpuSlots(std::uint32_t count) : free_(count, k_one), whole_(count) {
  for (std::uint32_t index = 0; index < count; ++index) by_room_.emplace(k_one, index);
}

std::optional<std::string> GpuSlots::refusal(std::int64_t amount) {
  if (amount <= k_one || amount % k_one == 0) return std::nullopt;
  return "wants " + to_string(Amount{Amount::Kind::gpu, {}, amount}) +
         "; a part of a GPU can be had alone, more than one only whole";
}

bool GpuSlots::fits(std::int64_t amount) const {
  if (amount <= 0) return true;
  if (amount >= k_one) return whole_ >= amount / k_one;
  return !by_room_.empty() && by_room_.rbegin()->first >= amount;
}

std::vector<std::uint32_t> GpuSlots::take(std::int64_t amount) {
  assert(fits(amount) && !refusal(amount));
  std::vector<std::uint32_t> indices;
  if (amount <= 0) return indices;
  const std::int64_t each = amount < k_one ? amount : k_one;
  for (std::int64_t left = amount; left > 0; left -= each) {
    const std::uint32_t index = by_room_.lower_bound({each, 0})->second;
    change(index, -each);
    indices.push_back(index);
  }
  return indices;
}

void GpuSlots::give(std::int64_t amount, const std::vector<std::uint32_t>& indices) {
  for (const std::uint32_t index : indices) change(index, amount < k_one ? amount : k_one);
}

void GpuSlots::change(std::uint32_t index, std::int64_t by) {
  std::int64_t& free = free_[index];
  by_room_.erase({free, index});
  whole_ -= free == k_one;
  free += by;
  assert(free >= 0 && free <= k_one);
  whole_ += free == k_one;
  by_room_.emplace(free, index);
}

}  // namespace shoal::sched
