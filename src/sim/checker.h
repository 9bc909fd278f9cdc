#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/exec/actions.h"
#include "data/exec/executor.h"
#include "sim/program.h"

namespace shoal::sim {

/// Watches a run from outside, as a list of what the executor was told and what it asked for, and keeps books of its
/// own, the naive way. The first broken rule stays in failure().
class Checker {
 public:
  explicit Checker(const data::PhysicalPlan& plan);

  void on_event(const data::EngineEvent& event);
  void on_action(const data::Action& action);
  void on_released(std::int64_t bytes);
  /// After the actions of an event: the executor's books must agree.
  void compare(const data::RunReport& report);
  /// The run is drained and the consumer keeps nothing.
  void at_end();

  const std::string& failure() const { return failure_; }

 private:
  struct Fragment {
    std::size_t op = 0;
    std::int64_t ordinal = 0;
    bool granted = false;
    bool cancelled = false;
    std::optional<data::ActorId> actor;
    std::optional<data::BlockId> input;
  };
  struct Block {
    std::size_t op = 0;
    std::int64_t ordinal = 0;
    std::int64_t bytes = 0;
    bool taken = false;  // by a fragment of the next operator
  };
  struct Ordinal {
    std::int64_t items = 0;
    bool done = false;
    int own_failures = 0;
    int system_failures = 0;
  };
  struct Operator {
    std::map<std::int64_t, Ordinal> ordinals;
    std::int64_t next_ordinal = 0;
    std::map<data::ActorId, bool> actors;  // whether it runs a fragment
  };

  void on_item(const data::Item& item);
  void on_end(data::FragmentId id, bool failed, bool system);
  void on_submit(const data::FragmentSpec& spec);
  void on_grant(data::FragmentId id);
  void check_credit(std::size_t op, std::int64_t ordinal, bool submit);
  void check_slots();
  void take_input(Fragment& fragment, const data::FragmentSpec& spec);
  std::int64_t booked() const;
  std::int64_t head(const Operator& op) const;
  bool has_unfreed(std::size_t op) const;
  void fail(const std::string& text) {
    if (failure_.empty()) failure_ = text;
  }

  const data::PhysicalPlan plan_;
  std::vector<Operator> ops_;
  std::map<data::FragmentId, Fragment> fragments_;
  std::map<data::BlockId, Block> blocks_;
  std::map<data::BlockId, std::int64_t> delivered_;
  std::int64_t leased_ = 0;
  bool finished_ = false;
  std::string failure_;
};

}  // namespace shoal::sim
