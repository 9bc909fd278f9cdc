#pragma once

#include <cstdint>
#include <vector>

namespace shoal::data {

/// Who holds how many bytes of the run's memory budget. An operator's account has the credit and working memory of its
/// fragments and the blocks they made, until those are freed. Credit goes to the consumer's end first: what an
/// operator takes must leave every operator behind it, nearer to the consumer, its reserve.
class Ledger {
 public:
  /// `reserves[i]` bytes are kept for operator i from all operators before it.
  Ledger(std::int64_t budget, std::vector<std::int64_t> reserves);

  /// Whether `bytes` more for operator `op` stay within the budget. O(operators).
  bool fits(std::size_t op, std::int64_t bytes) const;
  /// Books bytes, whether they fit or not.
  void take(std::size_t op, std::int64_t bytes);
  void give(std::size_t op, std::int64_t bytes);

  std::int64_t budget() const { return budget_; }
  std::int64_t used() const { return used_; }
  std::int64_t used(std::size_t op) const { return accounts_[op]; }
  std::int64_t peak() const { return peak_; }

 private:
  const std::int64_t budget_;
  const std::vector<std::int64_t> reserves_;
  std::vector<std::int64_t> accounts_;
  std::int64_t used_ = 0;
  std::int64_t peak_ = 0;
};

}  // namespace shoal::data
