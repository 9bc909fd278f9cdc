#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "control/core.h"
#include "node/core.h"
#include "owner/core.h"

namespace shoal::owner {

inline constexpr ProcessId k_node{1, 0};

/// A driver, the daemon of its machine, the workers that it starts and the control service, connected by queues. Nothing moves until a test
/// says so.
class Cores {
 public:
  explicit Cores(std::int64_t cpus = 2, std::int64_t stream_bytes = k_stream_bytes)
      : node_({.node = 1, .host = "here", .total = {.cpu = cpus * wire::k_one}}), stream_bytes_(stream_bytes) {
    driver_ = node_.name_process();
    add(driver_);
  }

  Core& driver() { return *cores_.at(driver_); }
  Core& core(ProcessId process) { return *cores_.at(process); }
  ProcessId driver_id() const { return driver_; }
  const std::vector<ProcessId>& workers() const { return workers_; }

  /// Delivers all messages, those that they cause included, and starts the workers that are asked for.
  void deliver() {
    while (step()) {}
  }

  /// Runs all that workers have, one after the other: `body` gives the results.
  template <class F>
  int run_all(F&& body) {
    int count = 0;
    for (bool more = true; more;) {
      deliver();
      more = false;
      for (const ProcessId worker : std::vector(workers_)) {
        if (!cores_.contains(worker)) continue;
        std::optional<Execution> execution = core(worker).next();
        if (!execution) continue;
        body(core(worker), std::move(*execution));
        more = true;
        ++count;
      }
    }
    return count;
  }

  /// Some may hear of it from the daemon only, if at all.
  void kill(ProcessId process, const std::vector<ProcessId>& untold = {}, ErrorCode code = ErrorCode::worker_died) {
    end(process, untold, code);
    deliver();
  }
  bool is_alive(ProcessId process) const { return cores_.contains(process); }
  /// One more driver.
  ProcessId add_driver() {
    const ProcessId process = node_.name_process();
    add(process);
    return process;
  }

  /// Leases rest, and workers with nothing to do go back.
  void pass(Time time) {
    deliver();
    now_ += time;
    node_.on_time(now_);
    control_.on_time(now_);
    for (const auto& [id, core] : cores_) core->on_time(now_);
    deliver();
  }

  /// The messages of this type that were sent.
  template <class M>
  int count() const {
    int n = 0;
    for (const wire::Message& message : log_) n += std::holds_alternative<M>(message) ? 1 : 0;
    return n;
  }

  void expect_nothing_left() {
    pass(1'000'000'000);
    for (const auto& [id, core] : cores_) EXPECT_EQ(core->holdings(), Core::Holdings{}) << to_string(id);
    EXPECT_EQ(node_.holdings().leases, 0u);
    EXPECT_EQ(control_.holdings().actors, 0u);
    EXPECT_EQ(control_.holdings().watches, 0u);
  }

 private:
  void add(ProcessId process) {
    cores_.emplace(
        process, std::make_unique<Core>(Core::Options{.self = process, .node = k_node, .stream_bytes = stream_bytes_}));
  }

  void end(ProcessId process, const std::vector<ProcessId>& untold = {}, ErrorCode code = ErrorCode::worker_died) {
    if (cores_.erase(process) == 0) return;
    std::erase(workers_, process);
    std::erase_if(queue_, [&](const auto& sent) { return sent.first == process || sent.second.peer == process; });
    node_.on_process_died(process, "killed", code);
    control_.on_process_died(process, "killed");
    for (const auto& [id, core] : cores_) {
      if (std::find(untold.begin(), untold.end(), id) == untold.end()) core->on_process_died(process, "killed", code);
    }
  }

  bool step() {
    std::vector<wire::Envelope> out;
    for (const auto& [id, core] : cores_) {
      core->dispatch();
      core->take_messages(out);
      for (wire::Envelope& envelope : out) queue_.emplace_back(id, std::move(envelope));
    }
    node_.take_messages(out);
    for (wire::Envelope& envelope : out) queue_.emplace_back(k_node, std::move(envelope));
    control_.take_messages(out);
    for (wire::Envelope& envelope : out) queue_.emplace_back(k_control, std::move(envelope));
    node::Actions actions;
    node_.take_actions(actions);
    for (const auto& action : actions) {
      if (const auto* start = std::get_if<node::StartWorker>(&action)) {
        add(start->worker);
        workers_.push_back(start->worker);
        node_.on_worker_started(start->worker);
      } else if (const auto* stop = std::get_if<node::StopWorker>(&action)) {
        end(stop->worker);
      }
    }
    if (queue_.empty()) return !actions.empty();
    auto [from, envelope] = std::move(queue_.front());
    queue_.pop_front();
    log_.push_back(envelope.message);
    if (envelope.peer == k_node) {
      node_.on_message(from, std::move(envelope.message));
    } else if (envelope.peer == k_control) {
      control_.on_message(from, envelope.message);
    } else if (const auto to = cores_.find(envelope.peer); to != cores_.end()) {
      to->second->on_message(from, std::move(envelope.message));
    }
    return true;
  }

  node::Core node_;
  control::Core control_;
  const std::int64_t stream_bytes_;
  ProcessId driver_;
  std::map<ProcessId, std::unique_ptr<Core>> cores_;
  std::vector<ProcessId> workers_;
  std::deque<std::pair<ProcessId, wire::Envelope>> queue_;
  std::vector<wire::Message> log_;
  Time now_ = 0;
};

/// A value that is a number and perhaps references.
inline Payload number(std::int64_t value, std::vector<ObjectId> refs = {}) {
  Payload payload(sizeof value);
  std::memcpy(payload.data(), &value, sizeof value);
  payload.set_beside(std::move(refs), {});
  return payload;
}
inline std::int64_t number_in(const Payload& payload) {
  std::int64_t value = 0;
  if (payload.size() == sizeof value) std::memcpy(&value, payload.data(), sizeof value);
  return value;
}

/// A handle, as the public reference has one.
class Handle {
 public:
  Handle() = default;
  Handle(Core& core, Object* object) : core_(&core), object_(object) {}
  Handle(Handle&& other) noexcept : core_(other.core_), object_(std::exchange(other.object_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~Handle() { drop(); }
  void drop() {
    Object* const object = std::exchange(object_, nullptr);
    if (object != nullptr && object->handles.fetch_sub(1) == 1) core_->released(object);
  }
  /// The process is gone; so is what it held.
  void forget() { object_ = nullptr; }
  Object* get() const { return object_; }
  Object* operator->() const { return object_; }
  bool is_pending() const { return object_->phase.load() == Object::Phase::pending; }
  std::int64_t value() const {
    EXPECT_EQ(object_->phase.load(), Object::Phase::value);
    return number_in(object_->value);
  }
  ErrorCode failure() const { return object_->failure == nullptr ? ErrorCode::ok : object_->failure->code; }

 private:
  Core* core_ = nullptr;
  Object* object_ = nullptr;
};

}  // namespace shoal::owner
