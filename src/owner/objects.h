#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/id_table.h"
#include "base/slab.h"
#include "owner/object.h"
#include "owner/outbox.h"

namespace shoal::owner {

/// The objects that one process owns or borrows: who needs each, and the conversation of src/wire/object.h about them.
/// An own object is freed when nothing needs it: no handle, no pin, no value that contains it, no borrower. A borrowed
/// one is given back then.
///
/// What becomes ready, which actors are let go of and which holds are settled is handed to the core through the queues at
/// the end, so that nothing here calls upwards.
class Objects {
 public:
  Objects(ProcessId self, Outbox& out) : self_(self), out_(out) {}
  ~Objects();
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;

  /// An own object that is pending and that nothing needs yet.
  Object* make(const ObjectId& id);
  /// An own or borrowed one; null where this process knows nothing of it.
  Object* find(const ObjectId& id) const { return table_.find(id); }

  /// A reference that came with a running task. It is covered by that, and pinned: `opened` takes note for uncover().
  Object* open_covered(const ObjectId& id, std::vector<Object*>& opened);
  /// A reference found in the value of `outer`, which is kept until this process is registered.
  Object* open_inside(const ObjectId& id, Object& outer);
  /// A reference that the control service told of: nothing covers it.
  Object* open_found(const ObjectId& id);
  /// The run that covered them is over. This process is registered for those that are still needed: `hold.missing`
  /// counts them, and the hold is settled later unless it is 0.
  void uncover(std::vector<Object*>& opened, Hold& hold);
  /// Pins each, and registers this process for those that it borrows, likewise.
  void hold_all(std::span<const ObjectId> ids, Hold& hold);

  void pin(Object& object) { ++object.pins; }
  void unpin(Object& object);
  void unpin_all(std::span<const ObjectId> ids);
  /// Its handles fell to 0.
  void released(Object& object) { free_if_unneeded(object); }

  /// The value of an own object, whose references count as needed by it from now on. Those are known here.
  void set_value(Object& object, Payload value);
  void set_failure(Object& object, wire::FailurePtr failure);
  /// Tells `waiter` when it is ready, now if it is. The value of a borrowed one is asked for.
  void watch(Object& object, Waiter* waiter);
  void unwatch(Object& object, Waiter* waiter);
  /// Counts the value as missing unless it is ready; that is unblocked later.
  void add_need(Object& object, Need& need);
  void forget_need(std::span<Object* const> objects, Need& need);
  void tell_claimable(Object& object);

  void on(ProcessId from, const wire::BorrowAdd& message);
  void on(ProcessId from, const wire::BorrowAdded& message);
  void on(ProcessId from, const wire::BorrowDrop& message);
  void on(ProcessId from, const wire::FetchValue& message);
  void on(ProcessId from, wire::ValueIs& message);
  void on(ProcessId from, wire::ValueFailed& message);
  /// Strikes it everywhere; what it owned and had not sent is lost.
  void on_process_died(ProcessId process, const std::string& cause);

  bool is_dead(ProcessId process) const { return dead_.contains(process); }
  /// Processes that own what is borrowed here, or borrow what is owned here.
  void add_peers(std::set<ProcessId>& peers) const;

  /// Empties the queue of those of which one more value became ready.
  void take_unblocked(std::vector<Need*>& into) { into.clear(), into.swap(unblocked_); }
  /// Likewise of actors whose objects are gone.
  void take_let_go(std::vector<Actor*>& into) { into.clear(), into.swap(let_go_); }
  void take_settled(std::vector<Hold*>& into) { into.clear(), into.swap(settled_); }
  std::size_t size() const { return slab_.size(); }
  /// In no order.
  template <class F>
  void for_each(F&& see) const {
    table_.for_each(see);
  }

 private:
  static Object::Interest& interest(Object& object);
  Object* open_unknown(const ObjectId& id);
  Object& borrow(const ObjectId& id);
  void fetch(Object& object);
  void add(Object& object);
  /// Goes on with `hold` when this process is registered for the object; true where it is not yet.
  bool await_registration(Object& object, Hold& hold);
  void orphan(Object& object, wire::FailurePtr why);
  void give_value(Object& object, Payload value);
  void become_ready(Object& object);
  /// Tells a borrower what became of it. Precondition: it is ready.
  void answer(ProcessId fetcher, const Object& object);
  void settle_holds(Object& object);
  bool is_needed(const Object& object) const;
  void free_if_unneeded(Object& object);
  void free_now(Object& object);

  const ProcessId self_;
  Outbox& out_;
  Slab<Object> slab_;
  struct ById {
    static const ObjectId& key(const Object& object) { return object.id; }
    static std::size_t spread(const ObjectId& id) { return id.n + 0x9e3779b97f4a7c15u * id.index + 31 * id.owner.n; }
    static Object*& next(Object& object) { return object.next_by_id; }
  };
  IdTable<ObjectId, Object, ById> table_;
  std::map<ObjectId, Object*> borrowed_;          // by owner
  std::map<ProcessId, std::set<ObjectId>> lent_;  // by borrower
  std::set<ProcessId> dead_;
  std::vector<Object*> to_free_;  // what a freed value contained may be freed too: no recursion
  bool freeing_ = false;
  std::vector<Need*> unblocked_;
  std::vector<Actor*> let_go_;
  std::vector<Hold*> settled_;
};

/// What readers of a lost object are told.
wire::FailurePtr lost_object(ErrorCode code, const ObjectId& id, const std::string& cause);

}  // namespace shoal::owner
