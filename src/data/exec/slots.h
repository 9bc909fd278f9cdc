#pragma once

#include <cstdint>

namespace shoal::data {

/// CPUs and GPUs in whole units of 1/10,000, so that fractions add up exactly.
using SlotUnits = std::int64_t;
SlotUnits to_slot_units(double amount);
double from_slot_units(SlotUnits units);

/// The CPUs and GPUs of a run. CPUs, and the GPUs of plain fragments, are taken while a fragment has credit; workers of
/// pools keep a GPU for life, so the first ones of every pool are set aside, and pools grow only into what neither
/// they nor the largest plain step needs: everyone can always run.
class Slots {
 public:
  struct Shape {
    SlotUnits cpus = 0;
    SlotUnits gpus = 0;
    SlotUnits pool_gpus = 0;   ///< Set aside for the first workers of all pools.
    SlotUnits plain_gpus = 0;  ///< Of the largest step without a pool.
  };
  explicit Slots(const Shape& shape) : shape_(shape) {}

  bool cpus_free(SlotUnits units) const { return cpus_used_ + units <= shape_.cpus; }
  bool plain_gpus_free(SlotUnits units) const;
  /// Whether a pool that has its first workers may have one more.
  bool growth_gpus_free(SlotUnits units) const;

  void take_cpus(SlotUnits units) { cpus_used_ += units; }
  void give_cpus(SlotUnits units) { cpus_used_ -= units; }
  void take_plain_gpus(SlotUnits units) { plain_used_ += units; }
  void give_plain_gpus(SlotUnits units) { plain_used_ -= units; }
  /// A worker came or went; `beyond_first`: it is none of those that are set aside.
  void take_actor_gpus(SlotUnits units, bool beyond_first);
  void give_actor_gpus(SlotUnits units, bool beyond_first);

  SlotUnits cpus_used() const { return cpus_used_; }
  SlotUnits gpus_used() const { return plain_used_ + actors_used_; }

 private:
  const Shape shape_;
  SlotUnits cpus_used_ = 0;
  SlotUnits plain_used_ = 0;
  SlotUnits actors_used_ = 0;
  SlotUnits growth_used_ = 0;  // the part of actors_used_ beyond the first workers
};

}  // namespace shoal::data
