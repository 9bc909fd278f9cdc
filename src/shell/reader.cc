#include "shell/reader.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "shell/limits.h"
#include "shell/pump.h"

namespace shoal::shell {
namespace {

/// What arrives while nobody waits is read after this time: whoever works and comes back sooner reads it itself, without a
/// switch of threads.
constexpr Time k_unread_ns = 1'000'000;
/// For so long after somebody read, the reader's own thread looks every k_unread_ns instead of being woken each time.
constexpr Time k_awake_ns = 10'000'000;
constexpr std::uint64_t k_wake_key = 0;  // generations count from 1

thread_local const Reader* read_here = nullptr;

int checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return descriptor;
}

bool is_over(const Deadline& deadline) { return deadline && std::chrono::steady_clock::now() >= *deadline; }

/// Milliseconds for epoll, rounded up: whoever wakes before its time comes back at once.
int timeout_of(const Deadline& deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

}  // namespace

Reader::Reader()
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = k_wake_key}};
  checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event), "epoll_ctl");
  thread_ = std::thread([this] { stand_in(); });
}

Reader::~Reader() { stop(); }

void Reader::stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    look_.notify_one();
    relief_.set();
  }
  if (thread_.joinable()) thread_.join();
}

void Reader::control(int operation, int descriptor, std::uint32_t events, std::uint32_t generation) const {
  const std::uint64_t key = std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(descriptor);
  epoll_event event{.events = events, .data = {.u64 = key}};
  checked(::epoll_ctl(epoll_.get(), operation, descriptor, &event), "epoll_ctl");
}

void Reader::add(int descriptor, std::uint32_t events, Pollable& what) {
  const Lock lock(mutex_);
  entries_[descriptor] = {&what, ++generation_};
  control(EPOLL_CTL_ADD, descriptor, events, generation_);
}

void Reader::change(int descriptor, std::uint32_t events) {
  const Lock lock(mutex_);
  const auto entry = entries_.find(descriptor);
  if (entry != entries_.end()) control(EPOLL_CTL_MOD, descriptor, events, entry->second.generation);
}

void Reader::remove(int descriptor) {
  Lock lock(mutex_);
  const auto entry = entries_.find(descriptor);
  if (entry == entries_.end()) return;
  const Pollable* const what = entry->second.what;
  entries_.erase(entry);
  control(EPOLL_CTL_DEL, descriptor, 0, 0);
  while (visited_ == what && visitor_ != std::this_thread::get_id()) visit_over_.wait(lock);
}

bool Reader::wait(Event& event, const Deadline& deadline) {
  while (!event.is_set() && !is_over(deadline)) {
    Lock lock(mutex_);
    if (begin_reading()) {
      lock.unlock();
      read_until(event, deadline, false);
      lock.lock();
      end_reading();
    } else {
      waiting_.push_back(&event);
      lock.unlock();
      event.wait_or_nudge(deadline);
      lock.lock();
      std::erase(waiting_, &event);
      if (!is_read_) hand_over();  // a nudge that came when this one had what it waited for is another's
    }
  }
  return event.is_set();
}

bool Reader::begin_reading() {
  if (stands_in_) relief_.set();
  return !std::exchange(is_read_, true);
}

void Reader::end_reading() {
  is_read_ = false;
  last_read_ = now();
  hand_over();
}

/// Nobody reads: the next one is to know.
void Reader::hand_over() {
  if (!waiting_.empty()) {
    waiting_.back()->nudge();
  } else if (is_asleep_) {
    look_.notify_one();
  }
}

void Reader::read_until(Event& event, const Deadline& deadline, bool stands_in) {
  const Reader* const before = std::exchange(read_here, this);
  event.wait_elsewhere(this);
  while (!event.is_set() && !is_over(deadline)) read_once(deadline, stands_in);
  event.wait_elsewhere(nullptr);
  read_here = before;
}

void Reader::read_once(const Deadline& deadline, bool stands_in) {
  std::array<epoll_event, 64> ready;
  const auto look = [&](int timeout) {
    return ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), timeout);
  };
  const bool looks = !stands_in && patience_.looks();
  const Time begin = now();
  int count = 0;
  while (looks && count == 0 && now() - begin <= k_linger_ns) {
    ::sched_yield();
    count = look(0);
  }
  if (count == 0) count = look(timeout_of(deadline));
  if (!stands_in) patience_.waited(now() - begin, looks);
  for (int i = 0; i < count; ++i)
    dispatch(ready[static_cast<std::size_t>(i)].data.u64, ready[static_cast<std::size_t>(i)].events);
}

void Reader::dispatch(std::uint64_t key, std::uint32_t events) {
  if (key == k_wake_key) {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &times, sizeof(times));
    return;
  }
  Pollable* what = nullptr;
  {
    const Lock lock(mutex_);
    const auto entry = entries_.find(static_cast<int>(key & 0xffffffff));
    if (entry == entries_.end() || entry->second.generation != key >> 32) return;  // removed meanwhile
    visited_ = what = entry->second.what;
    visitor_ = std::this_thread::get_id();
  }
  what->on_events(events);
  const Lock lock(mutex_);
  visited_ = nullptr;
  visit_over_.notify_all();
}

/// Of an event whose thread reads here: it looks at the event again.
void Reader::wake() {
  if (read_here == this) return;  // that very thread, or one that will look anyway
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_.get(), &one, sizeof(one));
}

void Reader::stand_in() {
  using std::chrono::nanoseconds;
  using std::chrono::steady_clock;
  Lock lock(mutex_);
  while (!stopping_) {
    const Time time = now();
    if (is_read_ && time - last_read_ > k_awake_ns) {
      is_asleep_ = true;
      look_.wait(lock);
      is_asleep_ = false;
    } else if (is_read_ || time - last_read_ < k_unread_ns) {
      look_.wait_until(lock, steady_clock::time_point(nanoseconds((is_read_ ? time : last_read_) + k_unread_ns)));
    } else {
      is_read_ = stands_in_ = true;
      relief_.reset();
      lock.unlock();
      read_until(relief_, {}, true);
      lock.lock();
      stands_in_ = false;
      end_reading();
    }
  }
}

}  // namespace shoal::shell
