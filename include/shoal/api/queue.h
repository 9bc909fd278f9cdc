#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <shoal/api/actor.h>
#include <shoal/api/get.h>
#include <shoal/api/queue_state.h>
#include <shoal/base/error.h>

namespace shoal::inline v1 {

/// A queue that tasks, actors and the program share, first in, first out: an actor behind a handle that is copied, kept in
/// values and passed on. It lives as long as a handle does.
///
///     shoal::Queue<Frame> frames(100);
///     shoal::submit(capture, frames);
///     while (std::optional<Frame> frame = frames.get()) show(*frame);     // until close()
template <class T>
class Queue {
 public:
  /// Empty until it is assigned to.
  Queue() = default;
  /// `capacity`: how many may wait in it; put() waits beyond it.
  explicit Queue(std::size_t capacity, const ActorOptions& options = {})
      : state_(spawn<detail::QueueState<T>>(with_threads(options), capacity)) {}
  explicit operator bool() const { return static_cast<bool>(state_); }

  /// Waits for room. Errors: Timeout, where nothing was put; InvalidArgument where it is closed.
  void put(const T& value, const GetOptions& options = {}) const {
    const detail::Deadline deadline = detail::deadline_of(options.timeout);
    while (true) {
      switch (shoal::get(state_.call(&detail::QueueState<T>::put, value, left(deadline)))) {
        case detail::QueueAnswer::done: return;
        case detail::QueueAnswer::closed:
          throw InvalidArgument(ErrorCode::invalid_argument, "Queue::put: the queue was closed");
        case detail::QueueAnswer::not_now: require_time(deadline, "put");
      }
    }
  }
  /// Waits for a value. None where the queue was closed and is empty. Errors: Timeout.
  std::optional<T> get(const GetOptions& options = {}) const {
    const detail::Deadline deadline = detail::deadline_of(options.timeout);
    while (true) {
      auto [answer, value] = shoal::get(state_.call(&detail::QueueState<T>::get, left(deadline)));
      if (answer == detail::QueueAnswer::done) return std::move(value);
      if (answer == detail::QueueAnswer::closed) return std::nullopt;
      require_time(deadline, "get");
    }
  }
  /// Nothing more is put; who waits for room is refused, and get() gives what is left.
  void close() const { shoal::get(state_.call(&detail::QueueState<T>::close)); }
  std::size_t size() const { return shoal::get(state_.call(&detail::QueueState<T>::size)); }

 private:
  friend Codec<Queue<T>>;

  static ActorOptions with_threads(ActorOptions options) {
    options.threads = detail::k_queue_threads;
    return options;
  }
  /// How long one call may wait in the actor: it gives its thread back at times, as others may need it.
  static std::chrono::nanoseconds left(const detail::Deadline& deadline) {
    std::chrono::nanoseconds time = detail::k_queue_patience;
    if (deadline) time = std::min<std::chrono::nanoseconds>(time, *deadline - std::chrono::steady_clock::now());
    return std::max(time, std::chrono::nanoseconds(0));
  }
  static void require_time(const detail::Deadline& deadline, const char* call) {
    if (deadline && std::chrono::steady_clock::now() >= *deadline) {
      throw Timeout(ErrorCode::timeout, std::string("Queue::") + call + ": nobody made it possible in time");
    }
  }

  Actor<detail::QueueState<T>> state_;
};

/// A handle in a value.
template <class T>
struct Codec<Queue<T>> {
  static constexpr std::size_t k_bytes_min = 1;
  static void encode(Encoder& to, const Queue<T>& queue) { shoal::encode(to, queue.state_); }
  static void decode(Decoder& from, Queue<T>& queue) { shoal::decode(from, queue.state_); }
};

}  // namespace shoal::inline v1
