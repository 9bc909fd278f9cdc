#include "data/exec/ledger.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace shoal::data {

Ledger::Ledger(std::int64_t budget, std::vector<std::int64_t> reserves)
    : budget_(budget), reserves_(std::move(reserves)), accounts_(reserves_.size(), 0) {}

bool Ledger::fits(std::size_t op, std::int64_t bytes) const {
  std::int64_t spoken_for = used_ + bytes;
  for (std::size_t later = op + 1; later < accounts_.size(); ++later) {
    spoken_for += std::max<std::int64_t>(0, reserves_[later] - accounts_[later]);
  }
  return spoken_for <= budget_;
}

void Ledger::take(std::size_t op, std::int64_t bytes) {
  accounts_[op] += bytes;
  used_ += bytes;
  peak_ = std::max(peak_, used_);
}

void Ledger::give(std::size_t op, std::int64_t bytes) {
  assert(accounts_[op] >= bytes);
  accounts_[op] -= bytes;
  used_ -= bytes;
}

}  // namespace shoal::data
