#include "shell/running_call.h"

#include <atomic>
#include <exception>
#include <memory>
#include <utility>

#include "base/code_address.h"
#include "shell/local_tasks.h"
#include "shell/thrown.h"

namespace shoal::shell {
namespace {

thread_local RunningCall* innermost = nullptr;
thread_local int calls = 0;
std::atomic<RunObserver*> observer{nullptr};

/// The code of the last function that this thread ran: most often it is that of the next.
detail::Entry entry_of(const wire::FunctionId& function) {
  thread_local wire::FunctionId last;
  thread_local detail::Entry entry = nullptr;
  if (entry == nullptr || function != last) {
    const void* const code = code_at({function.module, function.offset}).value_or_throw();
    entry = reinterpret_cast<detail::Entry>(const_cast<void*>(code));
    last = function;
  }
  return entry;
}

}  // namespace

void observe_runs(RunObserver& told) { observer.store(&told); }

RunningCall::RunningCall(OwnerStation& home, owner::Execution execution, bool wants_next, Time begin)
    : home_(home), execution_(std::move(execution)), wants_next_(wants_next), begin_(begin), below_(innermost) {
  innermost = this;
  ++calls;
  if (RunObserver* const told = observer.load(std::memory_order_relaxed)) told->on_begin(execution_);
}

RunningCall::~RunningCall() {
  innermost = below_;
  --calls;
}

RunningCall* RunningCall::of_this_thread() { return innermost; }

int RunningCall::depth() { return calls; }

bool RunningCall::is_cancelled() const {
  return home_.is_stopping() || (!over_ && execution_.cancelled->load(std::memory_order_relaxed));
}

void RunningCall::go_on_as(const wire::TaskTemplate& what) { home_.rename(execution_, what); }

void RunningCall::pin_inputs() {
  std::vector<Payload*> away;
  const auto add = [&](Payload& value) {
    if (!value.is_here()) away.push_back(&value);
  };
  add(execution_.arguments);
  for (Payload& value : execution_.resolved) add(value);
  if (!away.empty()) home_.pin(away, {});
}

void* RunningCall::actor() { return home_.actor(); }

void RunningCall::hold(std::shared_ptr<void> actor) { home_.hold_actor(std::move(actor)); }

bool RunningCall::yield(Payload item) { return home_.yield(execution_, std::move(item)); }

detail::Handle RunningCall::open(const ObjectId& id) { return {home_, home_.open(id, execution_)}; }

void RunningCall::stop_clock() {
  over_ = true;
  if (RunObserver* const told = observer.load(std::memory_order_relaxed)) {
    told->on_end(below_ == nullptr ? nullptr : &below_->execution_);
  }
  end_ = now();
}

void RunningCall::done(std::vector<Payload> results) {
  stop_clock();
  next_ = home_.done(std::move(execution_), std::move(results), {begin_, end_}, wants_next_);
}

void RunningCall::failed() {
  if (over_) return;  // its results are known: a destructor threw
  wire::Failure failure = describe_thrown(*execution_.what, execution_.task);
  stop_clock();
  next_ = home_.failed(std::move(execution_), std::move(failure), {begin_, end_}, wants_next_);
}

Ran run(OwnerStation& home, owner::Execution execution, bool wants_next, Time begin) {
  RunningCall call(home, std::move(execution), wants_next, begin);
  try {
    call.pin_inputs();
    const wire::FunctionId& function = call.execution().what->function;
    if (function == wire::FunctionId()) {
      LocalTasks::run(call.arguments());
      call.done(std::vector<Payload>(1));
    } else {
      entry_of(function)(call);
    }
  } catch (...) { call.failed(); }
  return {call.take_next(), call.end()};
}

}  // namespace shoal::shell
