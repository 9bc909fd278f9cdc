#include "data/exec/slots.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

SlotUnits units(double amount) { return to_slot_units(amount); }

TEST(Slots, FractionsAddUpExactly) {
  Slots slots({.cpus = units(1)});
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(slots.cpus_free(units(0.1)));
    slots.take_cpus(units(0.1));
  }
  EXPECT_FALSE(slots.cpus_free(1));
  EXPECT_EQ(from_slot_units(slots.cpus_used()), 1.0);
}

TEST(Slots, PlainFragmentsLeaveThePoolsTheirFirstWorkers) {
  Slots slots({.gpus = units(3), .pool_gpus = units(2), .plain_gpus = units(1)});
  EXPECT_TRUE(slots.plain_gpus_free(units(1)));
  EXPECT_FALSE(slots.plain_gpus_free(units(1.5)));
}

TEST(Slots, PoolsGrowOnlyIntoWhatThePlainStepsDoNotNeed) {
  Slots slots({.gpus = units(4), .pool_gpus = units(1), .plain_gpus = units(1)});
  slots.take_actor_gpus(units(1), false);
  EXPECT_TRUE(slots.growth_gpus_free(units(2)));
  EXPECT_FALSE(slots.growth_gpus_free(units(3)));
  slots.take_plain_gpus(units(2));
  EXPECT_FALSE(slots.growth_gpus_free(units(2))) << "plain fragments took more than their share";
  slots.take_actor_gpus(units(1), true);
  EXPECT_FALSE(slots.plain_gpus_free(units(1)));
  slots.give_actor_gpus(units(1), true);
  EXPECT_TRUE(slots.plain_gpus_free(units(1)));
  EXPECT_EQ(slots.gpus_used(), units(3));
}

}  // namespace
}  // namespace shoal::data
