#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/actions.h"
#include "node/hold.h"
#include "node/leases.h"
#include "node/workers.h"
#include "wire/message.h"

namespace shoal::node {

/// The daemon of one machine: grants its workers to owners and actors, within what the machine has. A state machine: it
/// does no I/O, knows no thread and no clock; what it says and asks for is taken from it. Its shell owns it, holds one lock
/// around all calls, tells it the time before a batch of events, and takes messages and actions after one.
///
/// A demand that fits is promised its resources at once, in the order of sched::FairQueue, and granted as soon as a worker
/// is idle; as many workers are started as promises wait for one. A worker that waits lends its CPU (Capacity says what
/// that may lead to). What was given to a worker that is being stopped is free when the worker is gone.
///
/// All jobs share what the machine has, but each has workers of its own, which are its driver's program. They are stopped
/// when the driver is dead and nothing of the job wants or has anything any more, but for detached actors at once.
class Core {
 public:
  struct Options {
    std::uint32_t node = 0;  ///< This incarnation of the machine's daemon.
    std::string host{};
    wire::Resources total;  ///< Whole GPUs.
    std::map<std::string, std::string> labels{};
    Time patience_ns = 100'000'000;        ///< A line that waits for so long may have leases of others asked back,
                                           ///< and room kept for it.
    Time load_ns = 100'000'000;            ///< Between two reports of the load.
    Time surplus_idle_ns = 1'000'000'000;  ///< Idle workers beyond the CPUs leave after this time,
    Time idle_ns = 60'000'000'000;         ///< the others after this,
    std::size_t warm = 1;                  ///< but for so many.
  };
  /// Says RegisterNode to the control service.
  explicit Core(Options options);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  ProcessId self() const { return {options_.node, 0}; }
  /// Names a process of this machine that the core does not start: a driver.
  ProcessId name_process() { return workers_.add_driver(); }

  void on_message(ProcessId from, wire::Message message);
  void on_worker_started(ProcessId worker);
  /// Asked to retire, it goes on.
  void on_worker_stays(ProcessId worker);
  /// Any process, of this machine or another; it will never be heard of again. `code`: of what this does to what it ran.
  void on_process_died(ProcessId process, const std::string& cause, ErrorCode code = ErrorCode::worker_died);
  void on_time(Time now);
  /// When on_time() has something to do.
  std::optional<Time> next_time() const;

  /// Move what is to be sent, and what the shell is to do, into `into`, in order, replacing its contents.
  void take_messages(std::vector<wire::Envelope>& into);
  void take_actions(Actions& into);

  /// What each demand and actor that waits waits for, for people.
  std::vector<std::string> why() const;
  /// Demands, leases (those of actors among them) and workers; but for idle workers 0 when all owners let go.
  struct Holdings {
    std::size_t lines = 0, leases = 0, workers = 0, idle = 0;
    friend bool operator==(const Holdings&, const Holdings&) = default;
  };
  Holdings holdings() const;
  const Leases& leases() const { return leases_; }
  const Workers& workers() const { return workers_; }

 private:
  /// Workers of a job that die as they start.
  struct FailedStarts {
    std::size_t in_a_row = 0;
    Time again_at = 0;
    std::string cause;  ///< Of the last.
  };

  void on(ProcessId from, wire::LeaseDemand demand);
  void on(ProcessId from, const wire::LeaseReturn& back);
  void on(ProcessId from, const wire::WorkerWaits& state);
  void on(ProcessId from, wire::StartActor start);
  void on(ProcessId from, const wire::StopActor& stop);
  /// Why the demand cannot be met, now or later, on this machine.
  std::optional<std::string> refusal(const wire::Resources& resources, const wire::Strategy& strategy) const;

  void drop_owner(ProcessId owner);
  void drop_worker(std::uint32_t n, const std::string& cause, ErrorCode code);
  void drop_line(const LineKey& key);
  void drop_actor(const LineKey& key);

  /// Ends each event: gives what fits, starts workers, asks back, reports.
  void settle();
  void hand_over();
  void grant(std::uint64_t lease, std::uint32_t worker);
  void start_workers();
  void end_jobs();
  void stop_worker(std::uint32_t n);
  void recall();
  void report_load();
  void let_idle_leave();
  Time idle_limit() const;
  /// The worker, where it is in that phase.
  const Workers::Worker* find(ProcessId worker, Workers::Phase phase) const;
  void send(ProcessId to, wire::Message message) { messages_.push_back({to, std::move(message)}); }

  const Options options_;
  Leases leases_;
  Workers workers_;
  Hold hold_;
  std::vector<wire::Envelope> messages_;
  Actions actions_;
  std::map<std::uint32_t, wire::ActorLost> stopping_actors_;  // what is said when the worker is gone

  Time now_ = 0;
  std::optional<Time> recall_at_;                    // while somebody waits
  Time recall_again_at_ = 0;                         // the earliest time of the next
  bool recall_now_ = false;                          // a demand came that content holders could make room for
  wire::Resources reported_;                         // the load as control knows it
  Time report_at_ = 0;                               // the earliest time of the next report
  std::map<ProcessId, std::size_t> wanted_workers_;  // by job, for promises that may begin
  std::map<ProcessId, FailedStarts> failed_starts_;  // by job
  std::set<ProcessId> ended_jobs_;                   // whose driver is dead, and of which something is left
};

}  // namespace shoal::node
