#pragma once

#include <cstddef>
#include <vector>

namespace shoal {

/// Finds records, which live elsewhere, by their ids: each record holds the link to the next of its bucket, so adding and
/// removing allocates nothing and takes the same time whatever else is there. Ids that count upwards lie side by side.
/// Not thread-safe. `Traits`:
///
///     static Key key(const Record&);              // or a reference to it
///     static std::size_t spread(const Key&);      // ids that count upwards are best spread by counting
///     static Record*& next(Record&);
template <class Key, class Record, class Traits>
class IdTable {
 public:
  std::size_t size() const { return used_; }
  /// In no order: nothing that others see may depend on it. `f` may destroy the record.
  template <class F>
  void for_each(F&& f) const {
    for (Record* first : buckets_) {
      while (first != nullptr) {
        Record& record = *first;
        first = Traits::next(record);
        f(record);
      }
    }
  }

  /// Null where there is none.
  Record* find(const Key& key) const {
    if (buckets_.empty()) return nullptr;
    Record* record = buckets_[place(key)];
    while (record != nullptr && !(Traits::key(*record) == key)) record = Traits::next(*record);
    return record;
  }

  /// Precondition: no record with this key is there.
  void add(Record& record) {
    if (used_ >= buckets_.size()) grow();
    link(record);
    ++used_;
  }

  /// Precondition: it is there.
  void remove(Record& record) {
    Record** link = &buckets_[place(Traits::key(record))];
    while (*link != &record) link = &Traits::next(**link);
    *link = Traits::next(record);
    --used_;
  }

 private:
  static constexpr std::size_t k_first = 64;

  std::size_t place(const Key& key) const { return Traits::spread(key) & (buckets_.size() - 1); }

  void link(Record& record) {
    Record*& first = buckets_[place(Traits::key(record))];
    Traits::next(record) = first;
    first = &record;
  }

  void grow() {
    std::vector<Record*> old(buckets_.empty() ? k_first : 2 * buckets_.size());
    old.swap(buckets_);
    for (Record* first : old) {
      while (first != nullptr) {
        Record& record = *first;
        first = Traits::next(record);
        link(record);
      }
    }
  }

  std::vector<Record*> buckets_;  // a power of two
  std::size_t used_ = 0;
};

}  // namespace shoal
