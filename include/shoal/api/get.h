#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/api/arguments.h>
#include <shoal/api/ref.h>

namespace shoal::inline v1 {

/// How long to wait: `get(ref, {.timeout = 2s})`.
struct GetOptions {
  std::optional<std::chrono::nanoseconds> timeout{};  ///< From the call on; default: as long as it takes.
};

/// How many to wait for, and how long: `wait(refs, {.num_ready = 10, .timeout = 2s})`.
struct WaitOptions {
  std::size_t num_ready = 1;
  std::optional<std::chrono::nanoseconds> timeout{};
};

/// The references that were ready, and the others, each in the order in which they were given.
template <class T>
struct Waited {
  std::vector<Ref<T>> ready;
  std::vector<Ref<T>> pending;
};

/// See cancel().
struct CancelOptions {
  bool recursive = true;  ///< What the task submitted itself is cancelled, too.
};

namespace detail {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;
Deadline deadline_of(const std::optional<std::chrono::nanoseconds>& timeout);

/// Waits for it. Stays as long as the handle and, where it lies in the store, as `pinned`, which then is it. Throws what it
/// failed with, Timeout at the deadline, InvalidArgument where the handle is empty, and what the store has to say.
const Payload& value_of(const Handle& handle, const Deadline& deadline, Payload& pinned);
/// Waits until `num_ready` of them are ready or the deadline comes; gives the indices of those that are, as many at most.
std::vector<std::size_t> wait_some(std::span<const Handle* const> handles, std::size_t num_ready,
                                   const Deadline& deadline);
Handle put(Payload value);
void cancel(const Handle& handle, const CancelOptions& options);

/// Handles for the references in a value that the program holds.
class OpenedValue final : public RefSource {
 public:
  explicit OpenedValue(const Handle& outer) : outer_(outer) {}
  Handle open(const ObjectId& id) override;

 private:
  const Handle& outer_;
};

template <class T>
T get(const Ref<T>& ref, const Deadline& deadline) {
  const auto& handles = Handles::of(ref);
  std::size_t next = 0;
  std::optional<OpenedValue> source;
  Payload pinned;
  const auto next_payload = [&]() -> const Payload& {
    source.emplace(handles[next]);
    return value_of(handles[next++], deadline, pinned);
  };
  source.emplace(handles[0]);
  return Value<T>::take(next_payload, &*source);
}

}  // namespace detail

/// Waits for the value and copies it. A thread that waits may run the task itself; a task that waits lends its CPU.
/// Errors: what the task threw (RemoteError), what befell it (WorkerDied, OwnerDied, ObjectLost, Infeasible, Cancelled), and
/// Timeout, which leaves the task alone.
template <class T>
T get(const Ref<T>& ref, const GetOptions& options = {}) {
  return detail::get(ref, detail::deadline_of(options.timeout));
}

/// All of them, in order; one timeout for all. Throws what the first that failed failed with, in this order.
template <class T>
auto get(const std::vector<Ref<T>>& refs, const GetOptions& options = {}) {
  const detail::Deadline deadline = detail::deadline_of(options.timeout);
  if constexpr (std::is_void_v<T>) {
    for (const Ref<T>& ref : refs) detail::get(ref, deadline);
  } else {
    std::vector<T> values;
    values.reserve(refs.size());
    for (const Ref<T>& ref : refs) values.push_back(detail::get(ref, deadline));
    return values;
  }
}

/// Waits until `num_ready` of the references are ready, with a value or an error, or the time is over. At most `num_ready`
/// are given as ready, the others as pending. A loop that takes results as they come moves the references:
///
///     while (!pending.empty()) {
///       auto [ready, rest] = shoal::wait(std::move(pending));
///       use(shoal::get(ready[0]));
///       pending = std::move(rest);
///     }
///
/// Errors: InvalidArgument where `num_ready` is 0 or more than there are references, or one is empty.
template <class T>
Waited<T> wait(std::vector<Ref<T>> refs, const WaitOptions& options = {}) {
  std::vector<const detail::Handle*> handles;
  handles.reserve(refs.size());
  for (const Ref<T>& ref : refs) handles.push_back(&detail::Handles::of(ref)[0]);
  const std::vector<std::size_t> ready = detail::wait_some(handles, options.num_ready,
                                                           detail::deadline_of(options.timeout));
  Waited<T> waited;
  for (const std::size_t i : ready) waited.ready.push_back(std::move(refs[i]));
  for (std::size_t i = ready.size(); i-- > 0;) refs.erase(refs.begin() + static_cast<std::ptrdiff_t>(ready[i]));
  waited.pending = std::move(refs);
  return waited;
}

/// A value as an object of this process, to be passed to many tasks, or to be found later.
template <class T>
auto put(const T& value) {
  using Stored = std::conditional_t<std::is_convertible_v<const T&, const char*>, std::string, T>;
  static_assert(is_serialisable<Stored>,
                "shoal: this value cannot travel to another process: put numbers, enums, strings, standard containers, "
                "optional, variant, tuple, chrono or plain structs of them, no pointers or views; for a class of your "
                "own specialise shoal::Codec before its first use");
  Ref<Stored> ref;
  if constexpr (is_serialisable<Stored>) {
    std::vector<Payload> payloads;
    detail::Value<Stored>::give(value, payloads);
    std::size_t next = 0;
    for (detail::Handle& handle : detail::Handles::of(ref)) handle = detail::put(std::move(payloads[next++]));
  }
  return ref;
}

/// The result becomes the failure Cancelled unless it is ready. A task that has not started never will; one that runs finds
/// context().is_cancelled() true. Does nothing to a task of another process, and to what was put.
template <class T>
void cancel(const Ref<T>& ref, const CancelOptions& options = {}) {
  detail::cancel(detail::Handles::of(ref)[0], options);
}

}  // namespace shoal::inline v1
