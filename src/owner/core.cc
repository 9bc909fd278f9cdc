#include "owner/core.h"

#include <memory>
#include <set>
#include <type_traits>
#include <utility>
#include <variant>

namespace shoal::owner {

Core::Core(const Options& options)
    : options_(options),
      out_(options.self),
      objects_(options.self, out_),
      streams_(options.stream_bytes, objects_, out_),
      leases_(options.node, out_),
      actors_(options.self, objects_, leases_, out_),
      tasks_(options.self, objects_, streams_, leases_, actors_, out_),
      runs_(options.self, objects_, out_),
      hosted_(options.self, runs_, out_) {}

Object* Core::put(Payload value) {
  Object* const object = objects_.make({options_.self, tasks_.next_number(), 0});
  object->handles.store(1, std::memory_order_relaxed);
  objects_.set_value(*object, std::move(value));
  return object;
}

Object* Core::open(const ObjectId& id, const Execution& execution) {
  Object* const object = objects_.open_covered(id, execution.run->opened);
  object->handles.fetch_add(1, std::memory_order_relaxed);
  return object;
}

Object* Core::open(const ObjectId& id, Object& outer) {
  Object* const object = objects_.open_inside(id, outer);
  object->handles.fetch_add(1, std::memory_order_relaxed);
  return object;
}

void Core::released(Object* object) {
  if (streams_.find(*object) != nullptr && object->handles.load(std::memory_order_acquire) == 0) {
    return drop_stream(*object);
  }
  objects_.released(*object);
  settle();
}

void Core::watch(Object* object, Waiter* waiter) {
  objects_.watch(*object, waiter);
  settle();
}

void Core::unwatch(Object* object, Waiter* waiter) { objects_.unwatch(*object, waiter); }

Object* Core::submit(TaskRequest request) {
  Object* const results = tasks_.submit(std::move(request));
  settle();
  return results;
}

Object* Core::create_actor(ActorRequest request) {
  Object* const actor = actors_.create(std::move(request), tasks_.next_number());
  settle();
  return actor;
}

Object* Core::find_actor(std::string name) { return actors_.find(std::move(name), tasks_.next_number()); }

Object* Core::call(Object& actor, TaskRequest request) {
  Object* const results = tasks_.submit(std::move(request), &actors_.of(actor));
  settle();
  return results;
}

void Core::kill_actor(Object& actor, bool restart, std::string cause) {
  actors_.kill(actor, restart, std::move(cause));
}

void Core::dispatch() { leases_.dispatch(); }

void Core::cancel(Object* result, bool recursive) {
  tasks_.cancel(*result, recursive);
  settle();
}

Object* Core::next_item(Object& stream) {
  Stream* const found = streams_.find(stream);
  return found == nullptr ? nullptr : streams_.next_item(*found);
}

void Core::watch_stream(Object& stream, Waiter* waiter) {
  if (Stream* const found = streams_.find(stream)) return streams_.watch(*found, waiter);
  waiter->on_ready(stream);
}

void Core::unwatch_stream(Object& stream, Waiter* waiter) {
  if (Stream* const found = streams_.find(stream)) streams_.unwatch(*found, waiter);
}

void Core::drop_stream(Object& stream) {
  if (Stream* const found = streams_.find(stream)) tasks_.drop(*found);
  settle();
}

std::optional<Execution> Core::claim(Object* object, const Execution* waiting) {
  Task* const task = tasks_.find_ready(*object);
  if (task == nullptr) return std::nullopt;
  const bool in_place_of_waiting = waiting != nullptr && waiting->role == Role::task &&
                                   waiting->what->resources == task->of->what->resources;
  if (!in_place_of_waiting && leases_.lend(*task) == nullptr) return std::nullopt;
  return runs_.begin_here(tasks_.begin_here(*task), *task->of->what);
}

std::optional<Execution> Core::next() {
  if (!has_next()) return std::nullopt;
  hosted_.began();
  tell_lending();
  return runs_.next();
}

void Core::done(Execution execution, std::vector<Payload> results, std::int64_t run_ns) {
  hosted_.ended(execution, nullptr);
  tell_lending();
  runs_.done(std::move(execution), std::move(results), run_ns, hosted_.is_leaving());
  settle();
}

void Core::failed(Execution execution, wire::Failure failure, std::int64_t run_ns) {
  hosted_.ended(execution, &failure);
  tell_lending();
  runs_.failed(std::move(execution), std::move(failure), run_ns);
  settle();
}

bool Core::comes_after_what_runs(const Object& object) const {
  const Actor* const actor = object.maker == nullptr ? nullptr : object.maker->actor;
  return actor != nullptr && hosted_.is_there() && hosted_.threads() == 1 && actor->id == hosted_.actor();
}

std::vector<Object*> Core::readable() const {
  std::vector<Object*> all;
  objects_.for_each([&](Object& object) {
    const bool has_value = object.phase.load(std::memory_order_relaxed) == Object::Phase::value;
    if (has_value && object.handles.load(std::memory_order_relaxed) > 0) all.push_back(&object);
  });
  return all;
}

std::string Core::maker_of(const Object& object) const {
  return object.maker == nullptr ? "" : object.maker->of->what->name;
}

void Core::waits() {
  if (!hosted_.is_there()) runs_.give_back_queued();
  leases_.take_back_lent(now_);
  ++waiting_;
  tell_lending();
}

void Core::waits_no_more() {
  --waiting_;
  tell_lending();
}

/// Of an actor all calls that run must wait.
void Core::tell_lending() {
  const bool lends = waiting_ > 0 && waiting_ >= hosted_.running();
  if (std::exchange(is_lending_, lends) != lends) out_.send(options_.node, wire::WorkerWaits{lends});
}

void Core::exit_actor() { hosted_.exit(); }

void Core::on_message(ProcessId from, wire::Message message) {
  receive(from, message);
  settle();
}

void Core::receive(ProcessId from, wire::Message& message) {
  std::visit(
      [&](auto& it) {
        using M = std::remove_reference_t<decltype(it)>;
        if constexpr (requires { objects_.on(from, it); }) {
          objects_.on(from, it);
        } else if constexpr (std::is_same_v<M, wire::CancelTask>) {
          if (Run* const run = runs_.on(from, it)) tasks_.cancel_children(*run);
        } else if constexpr (requires { tasks_.on(from, it, now_); }) {
          tasks_.on(from, it, now_);
        } else if constexpr (requires { tasks_.on(from, it); }) {
          tasks_.on(from, it);
        } else if constexpr (requires { runs_.on(from, it); }) {
          runs_.on(from, it);
        } else if constexpr (requires { actors_.on(from, it); }) {
          actors_.on(from, it);
        } else if constexpr (requires { hosted_.on(from, it); }) {
          hosted_.on(from, it);
        } else if constexpr (std::is_same_v<M, wire::LeaseRefused>) {
          tasks_.on_refused(it);
        } else if constexpr (std::is_same_v<M, wire::LeaseGrant>) {
          leases_.on(it, now_);
        } else if constexpr (std::is_same_v<M, wire::LeaseLost>) {
          if (const auto worker = leases_.worker_of(it.lease)) tasks_.on_worker_died(*worker, it.cause, it.code);
        } else if constexpr (std::is_same_v<M, wire::LeaseRecall>) {
          leases_.on(it);
        }
        // Nothing starts while what runs waits: what was on its way when that was said goes back too.
        if constexpr (std::is_same_v<M, wire::PushTask>) {
          if (waiting_ > 0) runs_.give_back_queued();
        }
      },
      message);
}

/// Goes on with all that the last event made possible.
void Core::settle() {
  while (true) {
    out_.take_own(own_);
    objects_.take_unblocked(unblocked_);
    objects_.take_let_go(let_go_);
    objects_.take_settled(settled_);
    actors_.take_lost(lost_);
    if (own_.empty() && unblocked_.empty() && let_go_.empty() && settled_.empty() && lost_.empty()) break;
    for (Need* const need : unblocked_) {
      switch (need->whose) {
        case Need::Whose::task: tasks_.unblock(static_cast<Task&>(*need)); break;
        case Need::Whose::actor: actors_.unblock(static_cast<Actor&>(*need)); break;
      }
    }
    for (const Actors::Lost& lost : lost_) tasks_.on_lost(lost);
    for (Actor* const actor : let_go_) actors_.let_go(*actor);
    for (Hold* const hold : settled_) {
      switch (hold->goal) {
        case Hold::Goal::retained: runs_.retained(*static_cast<Run*>(hold->target)); break;
        case Hold::Goal::commit: tasks_.commit(*static_cast<Task*>(hold->target)); break;
        case Hold::Goal::item: tasks_.registered(*static_cast<Arrival*>(hold->target)); break;
      }
    }
    for (wire::Envelope& envelope : own_) receive(options_.self, envelope.message);
  }
  hosted_.leave_if_over();
}

void Core::on_process_died(ProcessId process, const std::string& cause, ErrorCode code) {
  for (Run* const run : runs_.on_process_died(process)) tasks_.cancel_children(*run);
  tasks_.on_worker_died(process, cause, code);
  actors_.on_process_died(process, cause);
  objects_.on_process_died(process, cause);
  settle();
}

void Core::close() {
  std::set<ProcessId> peers;
  objects_.add_peers(peers);
  leases_.add_workers(peers);
  actors_.add_hosts(peers);
  runs_.add_submitters(peers);
  for (const ProcessId peer : peers) on_process_died(peer, "this process was ended");
  tasks_.cancel_all();
  settle();
  actors_.close();
  settle();
}

void Core::on_time(Time now) {
  now_ = now;
  leases_.on_time(now);
}

}  // namespace shoal::owner
