#include "node/capacity.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace shoal::node {

Capacity::Capacity(wire::Resources total)
    : total_(sched::normalised(std::move(total))),
      available_(total_),
      gpus_(static_cast<std::uint32_t>(total_.gpu / wire::k_one)) {
  assert(!sched::fault(total_) && total_.gpu % wire::k_one == 0);
}

bool Capacity::has(const wire::Resources& demand) const {
  return sched::fits(demand, available_) && gpus_.fits(demand.gpu);
}

void Capacity::add_worker() { workers_max_ = std::min(workers_max_ + 1, k_stuck_workers_max); }
void Capacity::remove_worker() { workers_max_ = std::max(workers_max_ - 1, k_workers_max); }

bool Capacity::lacks(const sched::Amount& amount) const {
  if (amount.kind == sched::Amount::Kind::gpu) return !gpus_.fits(amount.amount);
  return sched::amount_of(available_, amount) < amount.amount;
}

bool Capacity::leaves(const wire::Resources& taken, const wire::Resources& kept) const {
  Capacity then = *this;
  then.take(taken);
  for (sched::Amount each : sched::amounts(taken)) {
    each.amount = sched::amount_of(kept, each);
    if (each.amount > 0 && then.lacks(each)) return false;
  }
  return true;
}

Allocation Capacity::take(const wire::Resources& demand) {
  assert(fits(demand));
  ++workers_;
  sched::subtract(available_, demand);
  return {demand, gpus_.take(demand.gpu), false};
}

void Capacity::give(const Allocation& allocation) {
  wire::Resources resources = allocation.resources;
  if (allocation.lent) resources.cpu = 0;
  sched::add(available_, resources);
  if (--workers_ < k_workers_max) workers_max_ = k_workers_max;
  gpus_.give(resources.gpu, allocation.gpus);
  assert(sched::fits(available_, total_));
}

void Capacity::lend(Allocation& allocation) {
  if (std::exchange(allocation.lent, true)) return;
  available_.cpu += allocation.resources.cpu;
  assert(available_.cpu <= total_.cpu);
}

void Capacity::take_back(Allocation& allocation) {
  if (std::exchange(allocation.lent, false)) available_.cpu -= allocation.resources.cpu;
}

}  // namespace shoal::node
