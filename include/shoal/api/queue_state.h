#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include <shoal/base/error.h>

namespace shoal::inline v1::detail {

/// Calls that may wait in the actor of a queue at once; half of them for each side, so that neither shuts the other out.
inline constexpr int k_queue_threads = 64;
inline constexpr std::chrono::nanoseconds k_queue_patience = std::chrono::milliseconds(100);

enum class QueueAnswer : std::uint8_t { done, not_now, closed };

/// What a Queue<T> is a handle on: a threaded actor, whose calls wait in it for a bounded time.
template <class T>
class QueueState {
 public:
  explicit QueueState(std::size_t capacity) : capacity_(capacity) {
    if (capacity == 0) throw InvalidArgument(ErrorCode::invalid_argument, "Queue: a capacity of 0 holds nothing");
  }

  QueueAnswer put(const T& value, std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    if (!wait(lock, putting_, patience, [this] { return closed_ || values_.size() < capacity_; })) {
      return QueueAnswer::not_now;
    }
    if (closed_) return QueueAnswer::closed;
    values_.push_back(value);
    changed_.notify_all();
    return QueueAnswer::done;
  }

  struct Got {
    QueueAnswer answer = QueueAnswer::not_now;
    std::optional<T> value{};
  };
  Got get(std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    if (!wait(lock, getting_, patience, [this] { return closed_ || !values_.empty(); })) return {};
    if (values_.empty()) return {QueueAnswer::closed};
    Got got{QueueAnswer::done, std::move(values_.front())};
    values_.pop_front();
    changed_.notify_all();
    return got;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  template <class Possible>
  bool wait(std::unique_lock<std::mutex>& lock, int& waiting, std::chrono::nanoseconds patience, Possible possible) {
    if (possible()) return true;
    if (waiting >= k_queue_threads / 2 - 1) return false;
    ++waiting;
    const bool is = changed_.wait_for(lock, patience, possible);
    --waiting;
    return is;
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
  int putting_ = 0, getting_ = 0;
  bool closed_ = false;
};

}  // namespace shoal::inline v1::detail
