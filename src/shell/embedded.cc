#include "shell/embedded.h"

#include <shoal/base/log.h>

#include <chrono>
#include <utility>
#include <variant>

#include "shell/limits.h"
#include "wire/frame.h"

namespace shoal::shell {
Embedded::Embedded(const Options& options)
    : around_(options.total, options.encode_messages ? wire::transcode : nullptr),
      node_(around_, only_node(options.host, options.total, options.labels),
            [this](const node::Action& action) { carry_out(action); }) {
  around_.threads->begin_use().throw_if_error();
  driver_ = new OwnerStation(around_, {.self = node_.name_process(), .node = node_.self()}, [](OwnerStation&) {});
  const Lock lock(mutex_);
  stations_.emplace(driver_->self(), driver_);
  ++alive_;
}

Embedded::~Embedded() {
  {
    const Lock lock(mutex_);
    closing_ = true;
  }
  for (OwnerStation* const station : living()) station->stop();
  wait_for_workers();
  around_.jobs.wait();
  around_.pump.stop();
  end(*driver_, "the session ended");
  around_.threads->end_use();
  std::vector<OwnerStation*> buried;
  {
    const Lock lock(mutex_);
    buried.swap(buried_);
  }
  for (OwnerStation* const station : buried) station->release();
}

std::vector<OwnerStation*> Embedded::living() const {
  std::vector<OwnerStation*> all;
  const Lock lock(mutex_);
  for (const auto& [id, station] : stations_) all.push_back(station);
  return all;
}

OwnerStation* Embedded::find(ProcessId id) const {
  const Lock lock(mutex_);
  const auto found = stations_.find(id);
  return found == stations_.end() ? nullptr : found->second;
}

void Embedded::carry_out(const node::Action& action) {
  if (const auto* const starts = std::get_if<node::StartWorker>(&action)) {
    start(starts->worker);
  } else if (const auto* const stops = std::get_if<node::StopWorker>(&action)) {
    if (OwnerStation* const worker = find(stops->worker)) worker->stop();
  } else if (const auto* const retires = std::get_if<node::RetireWorker>(&action)) {
    const ProcessId id = retires->worker;
    OwnerStation* const worker = find(id);
    if (worker == nullptr) return;
    if (worker->is_unused()) {
      worker->stop();
    } else {
      node_.on_worker_stays(id);
    }
  }  // threads of one process have no memory of their own that could be limited
}

void Embedded::start(ProcessId id) {
  {
    const Lock lock(mutex_);
    if (closing_) return;
    ++alive_;
    stations_.emplace(id, new OwnerStation(around_, {.self = id, .node = node_.self(), .is_worker = true},
                                           [this](OwnerStation& worker) { on_gone(worker); }));
  }
  node_.on_worker_started(id);
}

/// May be called by the worker's own last thread, which still uses it.
void Embedded::on_gone(OwnerStation& worker) { end(worker, "it was ended"); }

void Embedded::end(OwnerStation& station, const std::string& cause) {
  station.bury();
  {
    const Lock lock(mutex_);
    stations_.erase(station.self());
    buried_.push_back(&station);
  }
  control_.on_process_died(station.self(), cause);
  node_.on_process_died(station.self(), cause);
  for (OwnerStation* const other : living()) other->on_process_died(station.self(), cause);
  const Lock lock(mutex_);
  --alive_;
  someone_left_.notify_all();
}

void Embedded::wait_for_workers() {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::nanoseconds(k_patience_ns);
  bool named = false;
  Lock lock(mutex_);
  while (alive_ > 1) {
    if (named) {
      someone_left_.wait(lock);
    } else if (!someone_left_.wait_until(lock, patience)) {
      named = true;
      lock.unlock();
      for (OwnerStation* const station : living()) {
        for (const std::string& name : station->running()) {
          log::warn("the session ends, and waits for {}, which still runs", name);
        }
      }
      lock.lock();
    }
  }
}

}  // namespace shoal::shell
