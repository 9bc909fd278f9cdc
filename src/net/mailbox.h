#pragma once

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/thread_safety.h"

namespace shoal::net {

/// A queue from any number of threads to one that takes all there is at once. Whoever put the first thing into an empty
/// one wakes the reader. A put costs a lock that is hardly ever contended and a move; there is no allocation once both
/// vectors, which a take exchanges, are as large as the largest batch.
template <class T>
class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// True where it was empty.
  bool put(T value) {
    const Lock lock(mutex_);
    const bool first = letters_.empty();
    letters_.push_back(std::move(value));
    size_.store(letters_.size(), std::memory_order_relaxed);
    return first;
  }
  /// All of them in order, one lock; clears the vector. True where the mailbox was empty and is not now.
  bool put_all(std::vector<T>& values) {
    if (values.empty()) return false;
    bool first = false;
    {
      const Lock lock(mutex_);
      first = letters_.empty();
      if (first) {
        letters_.swap(values);
      } else {
        for (T& value : values) letters_.push_back(std::move(value));
      }
      size_.store(letters_.size(), std::memory_order_relaxed);
    }
    values.clear();
    return first;
  }
  /// Moves everything into `into`, in order, replacing its contents.
  void take(std::vector<T>& into) {
    into.clear();
    const Lock lock(mutex_);
    letters_.swap(into);
    size_.store(0, std::memory_order_relaxed);
  }
  /// Of some moment just now.
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  Mutex mutex_;
  std::vector<T> letters_ GUARDED_BY(mutex_);
  std::atomic<std::size_t> size_{0};
};

}  // namespace shoal::net
