#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace shoal::sched {

/// Which of a machine's GPUs a demand gets. Whole ones are exclusive; a fraction shares one index with other fractions.
/// Best fit: a fraction goes to the index with the least room for it, so that fractions gather and whole ones stay whole.
/// Between equals the lowest index. Amounts are in wire::k_one. O(log n) for each index that is taken or given.
class GpuSlots {
 public:
  explicit GpuSlots(std::uint32_t count);

  /// Why no machine can serve this amount (more than one, and a fraction), for people.
  static std::optional<std::string> refusal(std::int64_t amount);

  /// Whether `take` would succeed. More than a sum: 1 does not fit into two halves.
  bool fits(std::int64_t amount) const;
  /// The indices in rising order; none for an amount of 0. Preconditions: fits(amount), no refusal.
  std::vector<std::uint32_t> take(std::int64_t amount);
  /// Gives back what `take(amount)` returned.
  void give(std::int64_t amount, const std::vector<std::uint32_t>& indices);

  /// What is left of the index.
  std::int64_t free(std::uint32_t index) const { return free_[index]; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(free_.size()); }

 private:
  void change(std::uint32_t index, std::int64_t by);

  std::vector<std::int64_t> free_;                            // by index
  std::set<std::pair<std::int64_t, std::uint32_t>> by_room_;  // (free, index)
  std::uint32_t whole_ = 0;                                   // indices that nobody uses
};

}  // namespace shoal::sched
