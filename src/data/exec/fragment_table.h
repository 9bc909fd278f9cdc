#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "data/exec/actions.h"

namespace shoal::data {

enum class FragmentState : std::uint8_t {
  waiting,    ///< Not with the engine: a new attempt is due.
  submitted,  ///< With the engine, had no credit yet.
  running,    ///< Has credit.
  parked,     ///< Ran, its credit is used up.
  closing,    ///< Cancelled; its end has not arrived.
};

/// One fragment over all of its attempts.
struct Fragment {
  FragmentId id{};  ///< Of the present attempt.
  std::uint32_t op = 0;
  FragmentState state = FragmentState::waiting;
  bool granted = false;  ///< Holds credit, CPUs and GPUs.
  std::int64_t ordinal = 0;
  std::optional<Block> input;
  std::optional<ActorId> actor;
  int attempt = 0;
  int own_failures = 0;
  int system_failures = 0;
  std::int64_t items = 0;   ///< Delivered, over all attempts.
  std::int64_t credit = 0;  ///< What the engine holds for this attempt; below zero after an item.
  TimeNs started_at = -1;   ///< First credit of this attempt; -1 = not yet.
};

/// The live fragments of a run. Records stay where they are until remove(); ids are never used twice.
class FragmentTable {
 public:
  Fragment& add(std::uint32_t op, std::int64_t ordinal);
  /// Gives a new attempt a name of its own, so that late events of the old one are recognised.
  void rename(Fragment& fragment);
  /// Null if it is not live, or the id is of an earlier attempt.
  Fragment* find(FragmentId id);
  void remove(Fragment& fragment);

  std::size_t size() const { return slots_.size() - free_.size(); }
  /// Live fragments in the order of their places; for cancelling, O(places).
  template <class F>
  void for_each(F&& visit) {
    for (Slot& slot : slots_) {
      if (slot.live) visit(slot.fragment);
    }
  }

 private:
  struct Slot {
    Fragment fragment;
    std::uint32_t generation = 0;
    bool live = false;
  };
  static std::uint32_t place(FragmentId id) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id)); }

  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

/// Fragments by age: the lowest ordinal first. Entries of attempts that are over or cancelled are
/// skipped. O(log n).
class FragmentQueue {
 public:
  void push(const Fragment& fragment);
  /// The oldest fragment; null if there is none.
  Fragment* front(FragmentTable& table);
  /// Takes out what front() gave.
  void pop();

 private:
  struct Entry {
    std::int64_t ordinal;
    FragmentId id;
  };
  static bool younger(const Entry& a, const Entry& b) { return a.ordinal > b.ordinal; }

  std::vector<Entry> heap_;
};

}  // namespace shoal::data
