#include "shell/memory/memory_watch.h"

#include <optional>
#include <utility>

#include "shell/memory/memory_use.h"

namespace shoal::shell {

MemoryWatch::MemoryWatch(Pump& pump, double reserve, std::function<void(const MemoryPolicy::Verdict&)> end)
    : pump_(pump), end_(std::move(end)), policy_(reserve) {
  pump_.add(*this);
}

MemoryWatch::~MemoryWatch() { pump_.remove(*this); }

void MemoryWatch::add(ProcessId worker, int pid, const WorkerPage& page) {
  const Lock lock(mutex_);
  workers_.emplace(worker, Worker{.pid = pid, .page = &page});
  plan();
}

void MemoryWatch::remove(ProcessId worker) {
  const Lock lock(mutex_);
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return;
  limited_ -= found->second.limit > 0 ? 1 : 0;
  workers_.erase(found);
  policy_.forget(worker);
}

void MemoryWatch::limit(ProcessId worker, std::int64_t bytes) {
  const Lock lock(mutex_);
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return;
  limited_ += (bytes > 0 ? 1 : 0) - (found->second.limit > 0 ? 1 : 0);
  found->second.limit = bytes;
  plan();
}

void MemoryWatch::plan() {
  if (workers_.empty() || (limited_ == 0 && !policy_.minds_machine())) return;
  const Time next = now() + (limited_ > 0 ? k_limit_sample_ns : k_pressure_sample_ns);
  if (next < wake_at()) pump_.wake_at(*this, next);
}

void MemoryWatch::on_time() {
  for (const MemoryPolicy::Verdict& verdict : look(now())) end_(verdict);
}

std::vector<MemoryPolicy::Verdict> MemoryWatch::look(Time time) {
  const Lock lock(mutex_);
  std::optional<MachineMemory> machine;
  if (policy_.minds_machine() && time >= machine_at_) {
    machine = machine_memory();
    machine_at_ = time + k_pressure_sample_ns;
  }
  const bool is_short = machine && policy_.is_short(*machine);
  std::vector<MemoryUse> uses;
  for (const auto& [id, worker] : workers_) {
    if (worker.limit == 0 && !is_short) continue;
    const auto bytes = own_memory(worker.pid);
    uses.push_back({id, worker.pid, bytes.value_or(0), worker.limit, worker.page->read()});
  }
  plan();
  return policy_.judge(uses, machine, time);
}

}  // namespace shoal::shell
