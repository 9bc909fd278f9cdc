#include "shell/owner_station.h"

#include <sched.h>
#include <shoal/base/error.h>
#include <shoal/base/log.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "shell/limits.h"
#include "shell/running_call.h"
#include "shell/store_client.h"
#include "wire/stored.h"

namespace shoal::shell {
namespace {

std::size_t count_ready(std::span<owner::Object* const> objects) {
  return static_cast<std::size_t>(
      std::count_if(objects.begin(), objects.end(), [](auto* object) { return OwnerStation::is_ready(*object); }));
}

[[noreturn]] void throw_comes_after(const owner::Object& object, const std::string& maker) {
  throw InvalidArgument(ErrorCode::invalid_argument,
                        "get: an actor waits here for " + to_string(object.id) + ", the result of " + maker +
                            ", a call of itself that begins when this one has ended, which would be never: call the "
                            "function directly, return the reference, or give the actor more .threads");
}

}  // namespace

/// One thread that waits for objects. All but the event is guarded by the station's lock.
class OwnerStation::Cell final : public owner::Waiter {
 public:
  void expect(std::size_t more) { missing_ = more; }
  void on_ready(owner::Object&) override {
    if (missing_ > 0 && --missing_ == 0) event.set();
  }
  void on_claimable(owner::Object&) override { event.set(); }

  Event event;

 private:
  std::size_t missing_ = 0;
};

/// The execution of this thread waits, from begin() on.
class OwnerStation::Blocked {
 public:
  explicit Blocked(OwnerStation& home) : home_(home) {}
  ~Blocked() {
    if (begun_) home_.act([&] { home_.core_->waits_no_more(); });
  }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;

  /// Under the station's lock.
  void begin() {
    if (begun_ || home_.execution_here() == nullptr) return;
    begun_ = true;
    home_.core_->waits();
  }

 private:
  OwnerStation& home_;
  bool begun_ = false;
};

/// What the pool's threads run for a station.
class OwnerStation::Work final : public Job {
 public:
  explicit Work(OwnerStation& home) : home_(home) {}
  void run() override {
    Gate& jobs = home_.around_.jobs;
    home_.work();
    jobs.leave();
  }

 private:
  OwnerStation& home_;
};

struct OwnerStation::Question {
  std::uint64_t id = 0;
  wire::ClusterIs answer{};
  Event event{};
};

OwnerStation::OwnerStation(Surroundings& around, const Options& options, std::function<void(OwnerStation&)> on_gone)
    : TimedStation(around, options.self),
      options_(options),
      on_gone_(std::move(on_gone)),
      work_(std::make_shared<Work>(*this)),
      store_(options.has_store
                 ? std::make_shared<StoreClient>(around, options.self, options.node, [this] { return age(); })
                 : nullptr),
      core_(std::make_unique<owner::Core>(owner::Core::Options{.self = options.self, .node = options.node})) {
  if (store_ != nullptr) around.store = store_.get();
  join();
}

OwnerStation::~OwnerStation() = default;

template <class F>
void OwnerStation::act_at(Time time, F&& f) {
  enter([&] {
    if (core_ == nullptr) return;
    core_->on_time(time);
    holds_replies_ = false;
    f();
  });
}

// --- What comes and what goes.

void OwnerStation::throw_stopped() {
  Status why;
  enter([&] { why = stopped_by_; });
  why.throw_if_error();
  throw Cancelled(ErrorCode::cancelled, "the session, or the worker that this ran in, was ended while this waited");
}

void OwnerStation::on_message(ProcessId from, wire::Message& message) {
  if (store_ != nullptr && store_->on_message(message)) return;
  if (core_ == nullptr) return;
  if (const auto* cluster = std::get_if<wire::ClusterIs>(&message)) {
    for (Question* const question : questions_) {
      if (question->id != cluster->request) continue;
      question->answer = *cluster;
      question->event.set();
    }
    return;
  }
  if (!std::exchange(in_batch_, true)) core_->on_time(now());
  core_->on_message(from, std::move(message));
  dispatch_now_ = true;
  holds_replies_ = false;
}

void OwnerStation::take_messages(std::vector<wire::Envelope>& into) {
  if (core_ == nullptr) return into.clear();
  if (std::exchange(dispatch_now_, false) || core_->undispatched() >= k_dispatch_batch) core_->dispatch();
  if (holds_replies_) {
    into.clear();
  } else {
    core_->take_messages(into);
    held_replies_ = 0;
    replies_due_ = k_never;
  }
  in_batch_ = false;
  if (dead_.load(std::memory_order_relaxed)) return into.clear();

  if (core_->undispatched() == 0) {
    flush_at_ = k_never;
  } else if (flush_at_ == k_never) {
    flush_at_ = now() + k_flush_ns;
  }
  call_at(std::min({core_->next_time().value_or(k_never), flush_at_, replies_due_}));

  if (!options_.is_worker || !core_->has_next() || is_stopping()) return;
  if (idle_ != nullptr) {
    std::exchange(idle_, nullptr)->set();
  } else if (at_work_ < static_cast<int>(core_->threads())) {
    start_work();
  }
}

/// Under the station's lock.
void OwnerStation::start_work() {
  ++at_work_;
  jobs_to_post_.fetch_add(1, std::memory_order_relaxed);
}

void OwnerStation::on_left() {
  if (jobs_to_post_.load(std::memory_order_relaxed) > 0) {
    for (int jobs = jobs_to_post_.exchange(0); jobs > 0; --jobs) {
      around_.jobs.enter();
      around_.threads->post(work_);
    }
  }
  if (tell_gone_.load(std::memory_order_relaxed) && tell_gone_.exchange(false)) on_gone_(*this);
}

void OwnerStation::on_time() {
  act([&] { dispatch_now_ = true; });
}

// --- Objects.

LargeMemory* OwnerStation::large_memory() { return store_ != nullptr && store_->is_ready() ? store_.get() : nullptr; }

Payload OwnerStation::store(Payload value) {
  if (large_memory() == nullptr) return wire::without_store(value);
  return store_->store(std::move(value));
}

bool OwnerStation::pin(std::span<Payload* const> values, const Deadline& deadline) {
  return store_ == nullptr || store_->pin(values, deadline);
}

const Payload* OwnerStation::read(owner::Object& object, Payload& pinned, const Deadline& deadline) {
  if (object.value.is_here()) return &object.value;
  if (dead_.load(std::memory_order_acquire)) {
    const Lock lock(mutex());
    const auto kept = kept_.find(&object);
    if (kept != kept_.end()) return &kept->second;
    throw ObjectLost(ErrorCode::object_lost, to_string(object.id) +
                                                 " went with its session: it was in the store, and could "
                                                 "not be kept in memory when the session ended");
  }
  pinned = object.value;
  Payload* const values[] = {&pinned};
  return pin(values, deadline) ? &pinned : nullptr;
}

void OwnerStation::keep_values(bool store_answers) {
  if (store_ == nullptr) return;
  if (store_answers) store_->resume();
  std::vector<owner::Object*> objects;
  enter([&] {
    objects = core_->readable();
    for (owner::Object* const object : objects) add_handle(*object);
  });
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(k_keep_ns);
  for (owner::Object* const object : objects) {
    keep_value(*object, deadline);
    drop_handle(*object);
  }
}

void OwnerStation::keep_value(const owner::Object& object, const Deadline& deadline) {
  if (object.value.is_here()) return;
  Payload pinned = object.value;
  Payload* const values[] = {&pinned};
  try {
    if (!store_->pin(values, deadline)) return;
  } catch (const Error& error) {
    return log::warn("{} cannot be read after its session: {}", to_string(object.id), error.what());
  }
  const Lock lock(mutex());
  kept_.emplace(&object, std::move(pinned));
}

/// Of what this thread runs; of the program's own threads that of a task which they would submit now.
std::uint64_t OwnerStation::age() {
  std::uint64_t age = 0;
  const owner::Execution* const execution = execution_here();
  enter([&] { age = core_->age_of(execution); });
  return age;
}

owner::Object* OwnerStation::put(Payload value) {
  value = store(std::move(value));
  owner::Object* object = nullptr;
  enter([&] { object = core_->put(std::move(value)); });
  return object;
}

owner::Object* OwnerStation::open(const ObjectId& id, const owner::Execution& execution) {
  owner::Object* object = nullptr;
  enter([&] { object = core_->open(id, execution); });
  return object;
}

owner::Object* OwnerStation::open(const ObjectId& id, owner::Object& outer) {
  owner::Object* object = nullptr;
  enter([&] { object = core_->open(id, outer); });
  return object;
}

// The last handle is taken away under the lock: without one the core may free the object at once.
void OwnerStation::drop_handle(owner::Object& object) {
  std::uint32_t handles = object.handles.load(std::memory_order_relaxed);
  while (handles > 1) {
    if (object.handles.compare_exchange_weak(handles, handles - 1, std::memory_order_acq_rel)) return;
  }
  const auto drop = [&] {
    if (object.handles.fetch_sub(1, std::memory_order_acq_rel) == 1) core_->released(&object);
  };
  if (!dead_.load(std::memory_order_acquire)) return enter(drop);

  // Nothing around it may be used any more.
  bool was_last = false;
  {
    const Lock lock(mutex());
    drop();
    was_last = forget_if_unheld() && released_;
  }
  if (was_last) delete this;
}

// --- Tasks.

void OwnerStation::submit(owner::TaskRequest request, std::span<detail::Handle> results) {
  if (const owner::Execution* const parent = execution_here()) request.parent = parent->run;
  request.arguments = store(std::move(request.arguments));
  enter([&] { give(core_->submit(std::move(request)), results); });
}

void OwnerStation::submit_watched(owner::TaskRequest request, const std::optional<owner::RunKey>& under,
                                  owner::Waiter& waiter, detail::Handle& result) {
  act([&] {
    if (under) request.parent = core_->find_running(*under);
    owner::Object* const object = core_->submit(std::move(request));
    result = detail::Handle(*this, object);
    core_->watch(object, &waiter);
    dispatch_now_ = true;
  });
}

void OwnerStation::unwatch(owner::Object& object, owner::Waiter& waiter) {
  act([&] { core_->unwatch(&object, &waiter); });
}

/// Under the station's lock: the first of a chain of results, each of which has one handle.
void OwnerStation::give(owner::Object* first, std::span<detail::Handle> results) {
  for (detail::Handle& handle : results) {
    handle = detail::Handle(*this, first);
    first = first->next_result;
  }
}

void OwnerStation::cancel(owner::Object& object, bool recursive) {
  act([&] { core_->cancel(&object, recursive); });
}

// --- Streams.

/// One thread that waits to give an item.
class OwnerStation::CreditCell final : public owner::CreditWaiter {
 public:
  void on_credit() override { event.set(); }

  Event event;
};

owner::Object* OwnerStation::next_item(owner::Object& stream, const Deadline& deadline, bool& in_time) {
  Blocked blocked(*this);
  owner::Object* item = nullptr;
  in_time = true;
  while (true) {
    Cell cell;
    bool ended = false;
    act([&] {
      item = core_->next_item(stream);
      ended = item == nullptr && is_ready(stream);
      if (item != nullptr || ended || is_stopping()) return;
      dispatch_now_ = true;
      blocked.begin();
      cell.expect(1);
      cells_.push_back(&cell);
      core_->watch_stream(stream, &cell);
    });
    if (item != nullptr || ended) return item;
    in_time = is_stopping() || around_.wait(cell.event, deadline);
    act([&] {
      std::erase(cells_, &cell);
      core_->unwatch_stream(stream, &cell);
    });
    if (is_stopping()) throw_stopped();
    if (!in_time) return nullptr;
  }
}

void OwnerStation::drop_stream(owner::Object& stream) {
  act([&] { core_->drop_stream(stream); });
}

bool OwnerStation::yield(const owner::Execution& execution, Payload item) {
  item = store(std::move(item));
  Blocked blocked(*this);
  while (true) {
    CreditCell cell;
    bool given = false;
    act([&] {
      if (is_stopping()) return;
      if (core_->may_yield(execution)) {
        core_->yield_item(execution, std::move(item));
        given = true;
      } else {
        blocked.begin();
        credit_cells_.push_back(&cell);
        core_->watch_credit(execution, &cell);
      }
    });
    if (given || is_stopping()) return given && !execution.cancelled->load(std::memory_order_relaxed);
    around_.wait(cell.event, {});
    act([&] {
      std::erase(credit_cells_, &cell);
      core_->unwatch_credit(execution);
    });
  }
}

// --- Actors.

owner::Object* OwnerStation::create_actor(owner::ActorRequest request) {
  request.spec.arguments = store(std::move(request.spec.arguments));
  owner::Object* object = nullptr;
  enter([&] { object = core_->create_actor(std::move(request)); });
  return object;
}

owner::Object* OwnerStation::find_actor(const std::string& name) {
  owner::Object* object = nullptr;
  enter([&] { object = core_->find_actor(name); });
  return object;
}

void OwnerStation::call(owner::Object& actor, owner::TaskRequest request, std::span<detail::Handle> results) {
  request.arguments = store(std::move(request.arguments));
  enter([&] { give(core_->call(actor, std::move(request)), results); });
}

void OwnerStation::kill_actor(owner::Object& actor, bool restart, const std::string& cause) {
  act([&] { core_->kill_actor(actor, restart, cause); });
}

std::optional<ActorId> OwnerStation::actor_id() {
  std::optional<ActorId> id;
  enter([&] {
    if (core_->hosts_actor()) id = core_->hosted_actor();
  });
  return id;
}

void OwnerStation::exit_actor() {
  act([&] { core_->exit_actor(); });
}

// --- Waiting.

const owner::Execution* OwnerStation::execution_here() const {
  const RunningCall* const call = RunningCall::of_this_thread();
  return call != nullptr && &call->home() == this ? &call->execution() : nullptr;
}

bool OwnerStation::await(std::span<owner::Object* const> objects, std::size_t wanted, const Deadline& deadline) {
  if (count_ready(objects) >= wanted) return true;
  Blocked blocked(*this);
  Cell cell;
  act([&] {
    const std::size_t ready = count_ready(objects);
    if (ready >= wanted || is_stopping()) return cell.event.set();
    dispatch_now_ = true;
    blocked.begin();
    cell.expect(wanted - ready);
    cells_.push_back(&cell);
    for (owner::Object* const object : objects) {
      if (!is_ready(*object)) core_->watch(object, &cell);
    }
  });
  bool in_time = false;
  bool enough = false;
  do {
    in_time = around_.wait(cell.event, deadline);
    cell.event.reset();
    enough = count_ready(objects) >= wanted;
  } while (in_time && !enough && !is_stopping());
  act([&] {
    std::erase(cells_, &cell);
    for (owner::Object* const object : objects) {
      if (!is_ready(*object)) core_->unwatch(object, &cell);
    }
  });
  if (!enough && is_stopping()) throw_stopped();
  return enough;
}

bool OwnerStation::await(owner::Object& object, const Deadline& deadline) {
  owner::Object* const objects[] = {&object};
  while (!deadline && options_.claims && !is_ready(object) && RunningCall::depth() < k_claims_max) {
    std::optional<owner::Execution> claimed;
    bool comes_after = false;
    act([&] {
      if (is_ready(object) || is_stopping()) return;
      comes_after = execution_here() != nullptr && core_->comes_after_what_runs(object);
      if (!comes_after) claimed = core_->claim(&object, execution_here());
    });
    if (comes_after) throw_comes_after(object, maker_of(object));
    if (!claimed) break;
    run(*this, std::move(*claimed), false, now());
  }
  return await(objects, 1, deadline);
}

std::string OwnerStation::maker_of(const owner::Object& object) {
  std::string name;
  enter([&] { name = core_->maker_of(object); });
  return name;
}

wire::ClusterIs OwnerStation::ask_cluster() {
  static std::atomic<std::uint64_t> asked{0};
  Question question{.id = ++asked};
  act([&] {
    if (is_stopping()) return question.event.set();
    questions_.push_back(&question);
  });
  around_.network.send(self(), k_control, wire::AskCluster{question.id});
  around_.network.serve_posted();
  around_.wait(question.event, {});
  act([&] { std::erase(questions_, &question); });
  if (is_stopping()) throw_stopped();
  return std::move(question.answer);
}

// --- Work.

void OwnerStation::work() {
  Ran ran{next_or_leave(false), now()};
  while (ran.next) {
    ran = run(*this, std::move(*ran.next), true, ran.end);
    if (!ran.next && around_.reader != nullptr) ran = {read_for_next(), now()};
    if (!ran.next) ran = {next_or_leave(true), now()};
  }
}

/// With `linger` it looks for a while whether something comes: to sleep and be woken costs more than most tasks.
std::optional<owner::Execution> OwnerStation::next_or_leave(bool linger) {
  std::optional<owner::Execution> execution;
  bool stays = true;
  while (stays && !execution) {
    stays = false;
    const Time begin = now();
    while (linger && !stays && !is_stopping() && now() - begin < k_linger_ns) {
      stays = has_mail();
      if (!stays) sched_yield();
    }
    std::shared_ptr<void> ended;
    act([&] {
      if (!is_stopping()) execution = core_->next();
      ended = take_actor_to_end();
      stays = stays || ended != nullptr;
      if (!execution && !stays) leave_work();
    });
  }
  return execution;
}

/// Of a worker process: while it has nothing to run, its thread reads what comes, and runs that without being woken. None
/// after a while, and where another thread does the same.
std::optional<owner::Execution> OwnerStation::read_for_next() {
  std::optional<owner::Execution> execution;
  Event idle;
  act([&] {
    if (is_stopping() || idle_ != nullptr) return idle.set();
    execution = core_->next();
    if (!execution) idle_ = &idle;
  });
  if (execution) return execution;
  around_.reader->wait(idle, std::chrono::steady_clock::now() + std::chrono::nanoseconds(k_idle_ns));
  act([&] {
    if (idle_ == &idle) idle_ = nullptr;
    if (!is_stopping()) execution = core_->next();
  });
  return execution;
}

/// Of a station that stops, for its last thread to destroy, on which no lock is held. Under the station's lock.
std::shared_ptr<void> OwnerStation::take_actor_to_end() {
  return is_stopping() && at_work_ == 1 ? std::move(actor_) : nullptr;
}

/// Under the station's lock.
void OwnerStation::leave_work() {
  if (--at_work_ == 0 && is_stopping()) tell_gone_.store(true);
}

std::optional<owner::Execution> OwnerStation::done(owner::Execution execution, std::vector<Payload> results,
                                                   const Span& ran, bool wants_next) {
  std::optional<owner::Execution> next;
  for (Payload& result : results) result = store(std::move(result));
  const bool may_wait = options_.is_worker && around_.reader != nullptr && ran.end - ran.begin < k_short_ns &&
                        is_run_again_if_lost(execution);
  act_at(ran.end, [&] {
    core_->done(std::move(execution), std::move(results), ran.end - ran.begin);
    if (wants_next && !is_stopping()) next = core_->next();
    if (next && may_wait) hold_replies(ran.end);
  });
  return next;
}

/// There is more to run at once: what is to be sent waits for its results, but not for long. The pump, which no task holds
/// up, sees to that. Under the station's lock.
void OwnerStation::hold_replies(Time time) {
  if (held_replies_++ == 0) replies_due_ = time + k_reply_ns;
  holds_replies_ = held_replies_ < k_reply_batch && time < replies_due_;
}

std::optional<owner::Execution> OwnerStation::failed(owner::Execution execution, wire::Failure failure, const Span& ran,
                                                     bool wants_next) {
  std::optional<owner::Execution> next;
  act_at(ran.end, [&] {
    core_->failed(std::move(execution), std::move(failure), ran.end - ran.begin);
    if (wants_next && !is_stopping()) next = core_->next();
  });
  return next;
}

void OwnerStation::rename(owner::Execution& execution, const wire::TaskTemplate& what) {
  enter([&] { core_->rename(execution, what); });
}

bool OwnerStation::waits() {
  if (execution_here() == nullptr) return false;
  act([&] {
    core_->waits();
    dispatch_now_ = true;
  });
  return true;
}

void OwnerStation::waits_no_more() {
  act([&] { core_->waits_no_more(); });
}

// --- Life.

bool OwnerStation::add_listener(const std::shared_ptr<StopListener>& listener) {
  bool is_added = false;
  act([&] {
    if (told_listeners_) return;
    listeners_.push_back(listener);
    is_added = true;
  });
  return is_added;
}

void OwnerStation::remove_listener(const StopListener& listener) {
  act([&] { std::erase_if(listeners_, [&](const auto& each) { return each.get() == &listener; }); });
}

void OwnerStation::stop(const Status& why) {
  std::vector<std::shared_ptr<StopListener>> told;
  act([&] {
    told_listeners_ = true;
    told.swap(listeners_);
  });
  for (const auto& listener : told) listener->on_stop();
  if (store_ != nullptr) store_->stop(why);
  act([&] {
    if (is_stopping()) return;
    stopped_by_ = why;
    stopping_.store(true);
    for (Cell* const cell : cells_) cell->event.set();
    for (CreditCell* const cell : credit_cells_) cell->event.set();
    for (Question* const question : questions_) question->event.set();
    if (idle_ != nullptr) std::exchange(idle_, nullptr)->set();
    if (at_work_ > 0) return;
    if (actor_ != nullptr) {
      start_work();  // which ends it
    } else {
      tell_gone_.store(true);
    }
  });
}

void OwnerStation::on_process_died(ProcessId process, const std::string& cause, ErrorCode code) {
  act([&] {
    core_->on_process_died(process, cause, code);
    dispatch_now_ = true;
  });
}

bool OwnerStation::is_unused() {
  bool unused = false;
  act([&] { unused = at_work_ == (idle_ != nullptr ? 1 : 0) && core_->holdings() == owner::Core::Holdings{}; });
  return unused;
}

std::vector<std::string> OwnerStation::running() {
  std::vector<std::string> names;
  act([&] { names = core_->running(); });
  return names;
}

void OwnerStation::bury() {
  part();
  if (store_ != nullptr) store_->close();
  const Lock lock(mutex());
  core_->close();
  dead_.store(true, std::memory_order_release);
  forget_if_unheld();
}

/// Under the station's lock, of one that is dead.
bool OwnerStation::forget_if_unheld() {
  if (core_ != nullptr && core_->holdings().objects == 0) core_.reset();
  return core_ == nullptr;
}

void OwnerStation::release() {
  bool is_last = false;
  {
    const Lock lock(mutex());
    released_ = true;
    is_last = forget_if_unheld();
  }
  if (is_last) delete this;
}

}  // namespace shoal::shell
