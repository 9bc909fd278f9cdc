#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/world/process.h"

namespace shoal::sim {

/// Events by their time; those of one time in the order in which they were pushed. A heap with four branches, which
/// touches fewer lines of the cache than one with two.
template <class Event>
class EventQueue {
 public:
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  Time next_time() const { return entries_.front().time; }

  void push(Time time, const Event& event) {
    const Entry entry{time, next_sequence_++, event};
    std::size_t place = entries_.size();
    entries_.push_back(entry);
    while (place > 0 && entry.before(entries_[(place - 1) / k_branches])) {
      entries_[place] = entries_[(place - 1) / k_branches];
      place = (place - 1) / k_branches;
    }
    entries_[place] = entry;
  }

  std::pair<Time, Event> pop() {
    assert(!entries_.empty());
    const std::pair<Time, Event> first{entries_.front().time, entries_.front().event};
    const Entry last = entries_.back();
    entries_.pop_back();
    if (!entries_.empty()) sink(last);
    return first;
  }

 private:
  static constexpr std::size_t k_branches = 4;

  struct Entry {
    Time time;
    std::uint64_t sequence;
    Event event;
    bool before(const Entry& other) const { return time != other.time ? time < other.time : sequence < other.sequence; }
  };

  /// Puts the entry into the place of the first one, then where it belongs.
  void sink(const Entry& entry) {
    const std::size_t size = entries_.size();
    std::size_t place = 0;
    for (std::size_t child = 1; child < size; child = place * k_branches + 1) {
      std::size_t least = child;
      for (std::size_t other = child + 1; other < size && other < child + k_branches; ++other) {
        if (entries_[other].before(entries_[least])) least = other;
      }
      if (!entries_[least].before(entry)) break;
      entries_[place] = entries_[least];
      place = least;
    }
    entries_[place] = entry;
  }

  std::vector<Entry> entries_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace shoal::sim
