#include "data/exec/slots.h"

#include <algorithm>
#include <cmath>

namespace shoal::data {
namespace {
constexpr double k_units = 10'000;
}

SlotUnits to_slot_units(double amount) { return std::llround(amount * k_units); }
double from_slot_units(SlotUnits units) { return static_cast<double>(units) / k_units; }

bool Slots::plain_gpus_free(SlotUnits units) const {
  return plain_used_ + units <= shape_.gpus - shape_.pool_gpus - growth_used_;
}

bool Slots::growth_gpus_free(SlotUnits units) const {
  return growth_used_ + units <= shape_.gpus - shape_.pool_gpus - std::max(plain_used_, shape_.plain_gpus);
}

void Slots::take_actor_gpus(SlotUnits units, bool beyond_first) {
  actors_used_ += units;
  if (beyond_first) growth_used_ += units;
}

void Slots::give_actor_gpus(SlotUnits units, bool beyond_first) {
  actors_used_ -= units;
  if (beyond_first) growth_used_ -= units;
}

}  // namespace shoal::data
