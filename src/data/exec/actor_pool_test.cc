#include "data/exec/actor_pool.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

TEST(ActorPool, WorkerGoesFromStartingToIdleToBusyAndBack) {
  ActorPool pool(3, {1, 2});
  const ActorId actor = pool.add(0);
  EXPECT_EQ(ActorPool::op_of(actor), 3U);
  EXPECT_EQ(pool.starting(), 1);
  EXPECT_FALSE(pool.acquire());
  EXPECT_TRUE(pool.on_up(actor, 5));
  EXPECT_FALSE(pool.on_up(actor, 5)) << "it is up already";
  EXPECT_EQ(pool.acquire(), actor);
  EXPECT_EQ(pool.idle(), 0);
  EXPECT_TRUE(pool.release(actor, true, 6));
  EXPECT_EQ(pool.idle(), 1);
  EXPECT_EQ(pool.size(), 1);
}

TEST(ActorPool, LostWorkerIsForgottenAndItsPlaceRemembersRestarts) {
  ActorPool pool(0, {1, 1});
  const ActorId first = pool.add(0);
  EXPECT_EQ(pool.on_down(first), 0);
  EXPECT_FALSE(pool.on_down(first));
  const ActorId second = pool.add(1);
  EXPECT_NE(first, second);
  pool.on_up(second, 0);
  EXPECT_FALSE(pool.release(first, true, 0));
  EXPECT_EQ(pool.acquire(), second);
  EXPECT_TRUE(pool.release(second, true, 0));
  EXPECT_EQ(pool.on_down(second), 0) << "a fragment that ended well clears the count";
}

TEST(ActorPool, ShrinksToItsMinimumWhenIdleLongEnough) {
  ActorPool pool(0, {1, 3});
  for (int i = 0; i < 3; ++i) pool.on_up(pool.add(0), 10 * i);
  EXPECT_EQ(pool.idle_since(), 0);
  EXPECT_TRUE(pool.shrink(10));
  EXPECT_TRUE(pool.shrink(10));
  EXPECT_FALSE(pool.shrink(1000)) << "the minimum stays";
  EXPECT_FALSE(pool.idle_since());
}

TEST(ActorPool, ClosingLeavesBusyWorkers) {
  ActorPool pool(0, {0, 3});
  const ActorId busy = pool.add(0);
  pool.on_up(busy, 0);
  pool.acquire();
  pool.add(0);
  EXPECT_TRUE(pool.take_unused());
  EXPECT_FALSE(pool.take_unused());
  EXPECT_EQ(pool.size(), 1);
}

}  // namespace
}  // namespace shoal::data
