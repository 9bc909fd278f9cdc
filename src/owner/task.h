#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "owner/object.h"
#include "wire/task.h"

namespace shoal::owner {

struct Actor;
class Children;
struct Kind;
struct Lease;
struct Stream;
struct Task;

/// What tasks of one function and one set of options share.
struct Template {
  std::shared_ptr<const wire::TaskTemplate> what;
  std::uint32_t id = 0;  ///< As workers are told.
  Kind* kind = nullptr;
  std::int64_t run_ns = -1;           ///< What an attempt took lately; -1 = none has ended.
  std::vector<ProcessId> known_to{};  ///< Workers that were sent it, sorted.
};

/// What a task gives, in order; one result, which most have, needs no allocation.
struct Values {
  Payload first{};
  std::vector<Payload> more{};
};

/// Results that are not known yet, since they contain references for which this process is not registered.
struct Settling {
  Hold commit{Hold::Goal::commit};
  ProcessId worker;
  Values results;
  std::vector<ObjectId> held;  ///< What they contain, pinned here.
};

/// A task of this process, or its call of an actor, from its submission until its results are known and its arguments are
/// let go of.
struct Task : Need {
  enum class State : std::uint8_t {
    blocked,   ///< Waits for arguments.
    ready,     ///< In its kind's queue.
    queued,    ///< A call whose turn has not come.
    pushed,    ///< With a worker or an actor's process, which may have started it.
    here,      ///< Run by whoever waits for it.
    settling,  ///< Over; this process is not registered yet for what its result, or an item, contains.
    over,      ///< Its results are known; a worker still holds arguments.
  };

  Task() : Need(Whose::task) {}

  TaskId id;
  State state = State::blocked;
  bool follows = false;    ///< Was pushed behind what makes its arguments, and some of them are missing still.
  bool was_lost = false;   ///< Was with a worker that died: from then on it is behind no other, which might be why.
  bool cancelled = false;  ///< Its results are known to be; what a worker says of it is only its end.
  std::uint32_t attempt = 0;
  std::int32_t retries_left = 0;
  std::uint32_t losses = 0;  ///< Attempts in a row that lost their process.
  std::uint64_t age = 0;     ///< See wire::PushTask.
  Template* of = nullptr;
  Lease* lease = nullptr;  ///< While pushed or here, unless it is a call.
  Actor* actor = nullptr;  ///< Of a call, until it is over: keeps the actor's object.
  ProcessId worker;        ///< While pushed.
  Payload arguments;
  std::vector<Object*> resolve;
  Object* results = nullptr;       ///< The first that is pending, the others by Object::next_result.
  std::vector<ProcessId> held_by;  ///< Workers of ended attempts that still hold arguments.
  std::unique_ptr<Settling> settling;
  Stream* stream = nullptr;  ///< Of a task that gives items, until its end is known or nobody wants more.
  Task* previous = nullptr;  ///< In the list of its state.
  Task* next = nullptr;
  Task* next_by_number = nullptr;
  Children* siblings = nullptr;  ///< What its parent submitted, while both go on.
  Task* previous_sibling = nullptr;
  Task* next_sibling = nullptr;
};

/// The tasks that one run submitted and that are not over: a recursive cancel reaches them.
class Children {
 public:
  Task* first() const { return first_; }
  void add(Task& task) {
    task.siblings = this;
    task.next_sibling = first_;
    if (first_ != nullptr) first_->previous_sibling = &task;
    first_ = &task;
  }
  /// Precondition: it is one of them.
  void remove(Task& task) {
    (task.previous_sibling == nullptr ? first_ : task.previous_sibling->next_sibling) = task.next_sibling;
    if (task.next_sibling != nullptr) task.next_sibling->previous_sibling = task.previous_sibling;
    task.siblings = nullptr;
    task.previous_sibling = task.next_sibling = nullptr;
  }

 private:
  Task* first_ = nullptr;
};

/// Tasks in order; each is in one list at most.
class TaskList {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  Task* first() const { return first_; }
  Task* last() const { return last_; }

  void push_back(Task& task) {
    task.previous = last_;
    task.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &task;
    last_ = &task;
    ++size_;
  }
  void push_front(Task& task) {
    task.previous = nullptr;
    task.next = first_;
    (first_ == nullptr ? last_ : first_->previous) = &task;
    first_ = &task;
    ++size_;
  }
  /// Precondition: it is in this list.
  void remove(Task& task) {
    (task.previous == nullptr ? first_ : task.previous->next) = task.next;
    (task.next == nullptr ? last_ : task.next->previous) = task.previous;
    task.previous = task.next = nullptr;
    --size_;
  }

 private:
  Task* first_ = nullptr;
  Task* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace shoal::owner
