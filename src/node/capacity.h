#pragma once

#include <cstdint>
#include <vector>

#include "node/limits.h"
#include "sched/gpu_slots.h"
#include "sched/resources.h"

namespace shoal::node {

/// What one worker has for as long as it does something.
struct Allocation {
  wire::Resources resources;
  std::vector<std::uint32_t> gpus;  ///< Indices.
  bool lent = false;                ///< Its CPU is lent, see Capacity.
};

/// What the machine has, and what of it is given away. A copy is what could be.
///
/// An allocation whose worker waits lends its CPU, never its GPUs, memory or custom resources. So with "running" for those
/// that do not lend:
/// - GPUs, memory, custom: the sum over all allocations is at most the total, always;
/// - workers: one for each allocation, at most k_workers_max, and those that add_worker() allows beside;
/// - CPU: take() leaves the sum over the running ones at most the total. Only take_back() may go beyond it, by at most
///   what was lent; then nothing that uses a CPU fits or begins (is_over) until so much was given or lent again.
class Capacity {
 public:
  explicit Capacity(wire::Resources total);

  bool fits(const wire::Resources& demand) const { return !lacks_worker() && has(demand); }
  /// All that it takes, but for a worker.
  bool has(const wire::Resources& demand) const;
  bool lacks_worker() const { return workers_ >= workers_max_; }
  /// Whether k_workers_max are in use, or more.
  bool is_crowded() const { return workers_ >= k_workers_max; }
  /// Allow one more, at most k_stuck_workers_max; or one less, at least k_workers_max, as it is when not crowded.
  void add_worker();
  void remove_worker();
  /// Whether the machine has less than that to give now.
  bool lacks(const sched::Amount& amount) const;
  /// Whether `kept` could still be given after `taken`, in the resources that both use. Precondition: fits(taken).
  bool leaves(const wire::Resources& taken, const wire::Resources& kept) const;
  /// Whether more CPU is in use than there is, and this uses some: even if it was taken before, it shall not begin now.
  bool is_over(const wire::Resources& demand) const { return demand.cpu > 0 && available_.cpu < 0; }
  /// Precondition: fits(demand).
  Allocation take(const wire::Resources& demand);
  void give(const Allocation& allocation);

  /// No effect where it is so already.
  void lend(Allocation& allocation);
  void take_back(Allocation& allocation);

  const wire::Resources& total() const { return total_; }
  /// What take() may give; less than no CPU while too much runs.
  const wire::Resources& available() const { return available_; }

 private:
  wire::Resources total_;
  wire::Resources available_;
  sched::GpuSlots gpus_;
  std::size_t workers_ = 0;  // in use
  std::size_t workers_max_ = k_workers_max;
};

}  // namespace shoal::node
