#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/exec/actions.h"
#include "data/exec/fragment_table.h"
#include "data/exec/ledger.h"
#include "data/exec/operator_state.h"
#include "data/exec/physical.h"
#include "data/exec/report.h"
#include "data/exec/slots.h"

namespace shoal::data {

/// Runs a physical plan as a state machine without threads, clocks or I/O: what happened goes in, what is to be done
/// comes out of take_actions(). The same plan and the same calls give the same actions.
///
/// Credit: a fragment asks for one block at a time. `block_bytes` are booked when it is granted one; they become the
/// block's real bytes when it arrives, and are returned when the block is freed: the fragment that read it is over, or
/// the consumer let go of it. Working memory is booked while a fragment is with the engine. What is booked
/// stays within the budget, but for one block of a fragment that an operator without unfreed output waits for.
/// Failure: the error of a fragment stands in the order like a block. What comes before it is still delivered, and may
/// be all that is wanted; what comes after it is cancelled at once, and nothing new is begun there.
/// Admission: the operator nearest to the consumer first, in it the oldest fragment first; a fragment that must wait
/// for CPUs or memory lets none before it have them.
///
/// One thread at a time. Each call is O(operators + log of live fragments) amortised.
class Executor {
 public:
  /// Precondition: check_feasible(plan) is ok.
  explicit Executor(PhysicalPlan plan);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Once, before the other calls. `now` never goes back from call to call.
  void start(TimeNs now);
  void on_event(EngineEvent event, TimeNs now);
  /// The consumer waits for one block more.
  void on_demand(TimeNs now);
  /// The consumer has let go of a delivered block of `bytes`.
  void on_released(std::int64_t bytes, TimeNs now);
  /// Ends the run with `reason`; does nothing once it is finished.
  void cancel(const Status& reason, TimeNs now);
  /// When on_timer wants to be called; nullopt = there is nothing to time.
  std::optional<TimeNs> next_timer() const;
  void on_timer(TimeNs now);

  /// Decides what can be done by now and moves all that is to do into `into`, in order, replacing its contents.
  void take_actions(Actions& into, TimeNs now);

  /// FinishRun was given out.
  bool finished() const { return finished_; }
  /// Nothing is left with the engine: no fragment, no worker, no block.
  bool drained() const;
  const PhysicalPlan& plan() const { return plan_; }
  RunReport report(TimeNs now) const;

 private:
  /// What one pass of admission has closed for the operators further from the consumer.
  struct Pass {
    TimeNs now = 0;
    bool cpus_closed = false;
    bool gpus_closed = false;
    bool memory_closed = false;
    std::int64_t blocks_wanted = k_all_rows;  // of each operator, by the nearest bounded window behind it
  };

  // admission.cc
  void admit(TimeNs now);
  WaitReason admit_operator(OperatorState& op, Pass& pass);
  WaitReason submit_ahead(OperatorState& op, Pass& pass);
  WaitReason wait_for_actor(OperatorState& op);
  bool has_input(const OperatorState& op) const;
  std::int64_t inputs_waiting(const OperatorState& op) const;
  void submit_new(OperatorState& op);
  void submit(OperatorState& op, Fragment& fragment);
  WaitReason why_not_granted(const OperatorState& op, const Fragment& fragment, Pass& pass) const;
  WaitReason why_no_slot(const OperatorState& op, Pass& pass) const;
  /// Precondition: the fragment is the front of op.ready.
  void grant(OperatorState& op, Fragment& fragment, TimeNs now);
  void add_actor(OperatorState& op, int restarts);

  // executor.cc
  void handle(const Item& event, TimeNs now);
  void handle(const Done& event, TimeNs now);
  void handle(Failed& event, TimeNs now);
  void handle(const ActorUp& event, TimeNs now);
  void handle(ActorDown& event, TimeNs now);
  void end_grant(OperatorState& op, Fragment& fragment);
  void end_attempt(OperatorState& op, Fragment& fragment, bool failed, const FragmentStats& stats, TimeNs now);
  /// Cuts the output off behind the fragment of this ordinal, which is over; there the run ends with the error.
  void end_output_at(OperatorState& op, std::int64_t ordinal, const Status& status, TimeNs now);
  bool try_again(OperatorState& op, Fragment& fragment, const Failed& event);
  void emit(OperatorState& op, TimeNs now);
  void deliver(TimeNs now);

  // closing.cc
  void remove(OperatorState& op, Fragment& fragment);
  void free_block(OperatorState& made_by, const Block& block);
  void check_complete(std::size_t from, TimeNs now);
  void close_through(std::size_t op, bool keep_output);
  void close_behind(OperatorState& op, std::int64_t ordinal);
  /// Ends the fragment, whose output nobody wants.
  void close(Fragment& fragment);
  void close_pool(OperatorState& op);
  void end_actor(OperatorState& op, ActorId actor);
  void finish(Status status, TimeNs now);
  void fail(const Status& status, TimeNs now);

  OperatorState& op(std::size_t index) { return *ops_[index]; }
  bool is_exempt_submit(const OperatorState& op) const { return op.live == 0 && op.unfreed == 0; }

  const PhysicalPlan plan_;
  std::vector<std::unique_ptr<OperatorState>> ops_;
  FragmentTable fragments_;
  Ledger ledger_;
  Slots slots_;
  Actions actions_;
  std::vector<Block> passing_;   // scratch: blocks on their way out of a reorder buffer
  std::int64_t source_end_ = 0;  // the first split that is not wanted
  Status failure_;               // with which the output ends that is still to be delivered
  std::int64_t demand_ = 0;      // blocks the consumer waits for
  bool dirty_ = false;           // something changed since the last admission
  bool finished_ = false;
  TimeNs started_at_ = 0;
  TimeNs finished_at_ = 0;
  std::int64_t first_block_ns_ = -1;
  std::int64_t rows_delivered_ = 0;
  std::int64_t leased_bytes_ = 0;
};

}  // namespace shoal::data
