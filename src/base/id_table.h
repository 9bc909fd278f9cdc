#pragma once

#include <cstddef>
#include <vector>

namespace shoal {

/// From ids to records that live elsewhere: open addressing with linear probing, in a quarter of the time of
/// std::unordered_map. `Spread` gives the bits of a key; ids that count upwards are best spread by counting. Not
/// thread-safe.
template <class Key, class Record, class Spread>
class IdTable {
 public:
  std::size_t size() const { return used_; }
  /// In no order: nothing that others see may depend on it.
  template <class F>
  void for_each(F&& f) const {
    for (const Slot& slot : slots_) {
      if (slot.record != nullptr) f(*slot.record);
    }
  }

  /// Null where there is none.
  Record* find(const Key& key) const {
    if (slots_.empty()) return nullptr;
    for (std::size_t i = Spread()(key) & mask(); slots_[i].record != nullptr; i = (i + 1) & mask()) {
      if (slots_[i].key == key) return slots_[i].record;
    }
    return nullptr;
  }

  /// Precondition: the key is not there.
  void add(const Key& key, Record* record) {
    if (2 * (used_ + 1) > slots_.size()) grow();
    place({key, record});
    ++used_;
  }

  void remove(const Key& key) {
    if (slots_.empty()) return;
    std::size_t hole = Spread()(key) & mask();
    while (slots_[hole].record != nullptr && !(slots_[hole].key == key)) hole = (hole + 1) & mask();
    if (slots_[hole].record == nullptr) return;
    // What follows moves up where its own place is not behind the hole, so that no search ends early.
    for (std::size_t i = (hole + 1) & mask(); slots_[i].record != nullptr; i = (i + 1) & mask()) {
      const std::size_t own = Spread()(slots_[i].key) & mask();
      if (((i - own) & mask()) < ((i - hole) & mask())) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {};
    --used_;
  }

 private:
  struct Slot {
    Key key{};
    Record* record = nullptr;
  };
  static constexpr std::size_t k_first = 64;

  std::size_t mask() const { return slots_.size() - 1; }

  void place(const Slot& slot) {
    std::size_t i = Spread()(slot.key) & mask();
    while (slots_[i].record != nullptr) i = (i + 1) & mask();
    slots_[i] = slot;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? k_first : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.record != nullptr) place(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace shoal
