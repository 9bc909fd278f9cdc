#include "shell/pump.h"

#include <algorithm>

namespace shoal::shell {

void Pump::add(Timed& timed) {
  const Lock lock(mutex_);
  all_.push_back(&timed);
}

void Pump::remove(Timed& timed) {
  Lock lock(mutex_);
  std::erase(all_, &timed);
  while (visited_ == &timed && std::this_thread::get_id() != thread_.get_id()) visit_over_.wait(lock);
}

void Pump::wake_at(Timed& timed, Time at) {
  timed.wake_at_.store(at);
  // Either this sees how long the pump is going to sleep, or the pump, which says so before it looks, sees the time.
  if (at >= sleeps_until_.load()) return;
  const Lock lock(mutex_);
  sleeps_until_.store(at);  // so that others do not come here, too
  changed_.notify_one();
}

void Pump::run() {
  Lock lock(mutex_);
  while (!stopping_) {
    const Time time = now();
    const auto due = std::find_if(all_.begin(), all_.end(),
                                  [&](const Timed* timed) { return timed->wake_at() <= time; });
    if (due != all_.end()) {
      Timed* const timed = *due;
      visited_ = timed;
      timed->wake_at_.store(Timed::k_never);
      lock.unlock();
      timed->on_time();
      lock.lock();
      visited_ = nullptr;
      visit_over_.notify_all();
      continue;
    }
    sleeps_until_.store(Timed::k_never);  // whoever sets a time from here on wakes the pump
    Time next = Timed::k_never;
    for (const Timed* const timed : all_) next = std::min(next, timed->wake_at());
    sleeps_until_.store(next);
    if (next == Timed::k_never) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, std::chrono::steady_clock::time_point(std::chrono::nanoseconds(next)));
    }
  }
}

void Pump::stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace shoal::shell
