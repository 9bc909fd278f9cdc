#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/world/observer.h"
#include "sim/world/world.h"

namespace shoal::sim::cluster {

/// Holds all processes of a world to the rules of src/wire/task.h, lease.h and object.h, knowing only what they said and
/// were told: what is pushed ends once, a lease is used by its holder and returned once, references are registered once
/// and before what waits for that goes on.
class Conversations final : public Observer {
 public:
  void on_said(ProcessId from, const wire::Envelope& what) override;
  void on_heard(ProcessId process, ProcessId from, const wire::Message& what) override;
  void on_told_of_death(ProcessId process, ProcessId dead) override;

  /// The first rule that was broken. Empty = none.
  const std::string& fault() const { return fault_; }
  /// Earlier ones of the task were lost, or failed and are tried again, as its owner knows.
  std::uint32_t next_attempt(const TaskId& task) const;
  /// What two living processes began and did not end, now that the world rests. Empty = nothing.
  std::string unfinished(const World& world) const;

 private:
  /// Of a process that borrows.
  enum class Borrow : std::uint8_t { none, adding, registered, refused };
  struct Grant {
    ProcessId holder, worker;
  };
  struct Results {
    ProcessId worker;
    std::vector<ObjectId> refs;
  };
  struct Pushed {
    TaskId task;
    std::uint32_t attempt = 0;
  };
  /// Of a stream's attempt, at its worker.
  struct Giving {
    std::int64_t first_credit = 0, credit = 0, sent = 0;
  };
  /// An item with references.
  struct Item {
    ProcessId worker;
    TaskId task;
    std::uint32_t attempt = 0;
    std::uint64_t index = 0;
    friend auto operator<=>(const Item&, const Item&) = default;
  };
  using Attempt = std::pair<ProcessId, TaskId>;      // of the worker
  using Reference = std::pair<ProcessId, ObjectId>;  // of the borrower

  void said(ProcessId from, ProcessId to, const wire::DefineTemplate& define);
  void said(ProcessId from, ProcessId to, const wire::PushTask& push);
  void said(ProcessId from, ProcessId to, const wire::TaskDone& done);
  void said(ProcessId from, ProcessId to, const wire::TaskFailed& failed);
  void said(ProcessId from, ProcessId to, const wire::ReturnTasks& back);
  void said(ProcessId from, ProcessId to, const wire::Retained& retained);
  void said(ProcessId from, ProcessId to, const wire::ResultHeld& held);
  void said(ProcessId from, ProcessId to, const wire::CancelTask& cancel);
  void said(ProcessId from, ProcessId to, const wire::StreamItem& item);
  void said(ProcessId from, ProcessId to, const wire::StreamCredit& credit);
  void said(ProcessId from, ProcessId to, const wire::ItemHeld& held);
  void said(ProcessId from, ProcessId to, const wire::BorrowAdd& add);
  void said(ProcessId from, ProcessId to, const wire::BorrowDrop& drop);
  void said(ProcessId from, ProcessId to, const wire::FetchValue& fetch);
  void said(ProcessId from, ProcessId to, const wire::ValueIs& value) { answer(to, from, value.object); }
  void said(ProcessId from, ProcessId to, const wire::ValueFailed& value) { answer(to, from, value.object); }
  void said(ProcessId from, ProcessId to, const wire::LeaseGrant& grant);
  void said(ProcessId from, ProcessId to, const wire::LeaseReturn& back);
  void said(ProcessId from, ProcessId to, const wire::LeaseLost& lost);
  void said(ProcessId from, ProcessId to, const wire::WorkerWaits& state);

  void heard(ProcessId process, ProcessId from, const wire::PushTask& push);
  void heard(ProcessId process, ProcessId from, const wire::TaskDone& done);
  void heard(ProcessId process, ProcessId from, const wire::TaskFailed& failed) {
    ended(process, from, failed.task, true);
  }
  void heard(ProcessId process, ProcessId from, const wire::ReturnTasks& back);
  void heard(ProcessId process, ProcessId from, const wire::StreamItem& item);
  void heard(ProcessId process, ProcessId from, const wire::StreamCredit& credit);
  void heard(ProcessId process, ProcessId from, const wire::ValueIs& value);
  void heard(ProcessId process, ProcessId from, const wire::BorrowAdded& added);
  void heard(ProcessId process, ProcessId from, const wire::LeaseGrant& grant);
  void heard(ProcessId process, ProcessId from, const wire::LeaseReturn& back);
  void heard(ProcessId process, ProcessId from, const wire::LeaseLost& lost);

  void end(ProcessId worker, const TaskId& task, std::uint32_t attempt, bool retains);
  /// The owner hears of an end; `again` where it is no result. False where that comes too late to count.
  bool ended(ProcessId owner, ProcessId worker, const TaskId& task, bool again);
  /// The first that had not ended may have started.
  void lose(ProcessId owner, ProcessId worker);
  /// It lets whoever gave these references to it let go of them.
  void holds(ProcessId process, const std::vector<ObjectId>& ids);
  void answer(ProcessId asked_by, ProcessId from, const ObjectId& object);
  void broken(ProcessId by, const std::string& what);

  std::string fault_;
  std::set<std::pair<ProcessId, ProcessId>> told_dead_;  // (who, whom)

  std::map<Attempt, std::uint32_t> open_;                                  // that the worker has and did not end
  std::map<std::pair<ProcessId, ProcessId>, std::vector<Pushed>> pushed_;  // (owner, worker): as the owner knows
  std::set<std::pair<ProcessId, std::uint32_t>>
      retried_;                                   // (owner, template): of tasks that run again after exceptions
  std::map<TaskId, std::uint32_t> next_attempt_;  // of tasks that were pushed and came back
  std::map<Attempt, std::uint32_t> retaining_;    // ends that said so, and no Retained
  std::map<Attempt, Results> results_;            // of the submitter: with references, and not held

  std::map<Attempt, Giving> giving_;             // the last attempt of each worker
  std::map<TaskId, std::int64_t> item_bytes_;    // that the submitter was given in all
  std::map<Item, std::vector<ObjectId>> items_;  // of the submitter: not held, and what they contain
  std::set<TaskId> cancelled_;                   // streams of which nothing more is wanted

  std::map<Reference, Borrow> borrows_;
  std::map<Reference, std::uint32_t> fetches_;           // not answered
  std::map<Reference, std::vector<ObjectId>> contents_;  // of borrowed values
  std::map<Reference, std::set<ObjectId>> found_in_;     // borrowed values that contain it
  std::set<Reference> came_otherwise_;                   // with a task, its result or an item

  std::map<std::pair<ProcessId, std::uint64_t>, Grant> granted_;   // (daemon, lease): as the daemon knows
  std::map<ProcessId, std::uint64_t> busy_;                        // worker: its lease, likewise
  std::set<ProcessId> doomed_;                                     // workers whose holder is gone
  std::map<std::pair<ProcessId, std::uint64_t>, ProcessId> held_;  // (holder, lease): the worker
  std::set<ProcessId> waiting_;                                    // workers that lend
};

}  // namespace shoal::sim::cluster
