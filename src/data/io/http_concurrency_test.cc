#include "data/io/http_concurrency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace shoal::data {
namespace {

using namespace std::chrono_literals;

/// A store that gives `rate(limit)` replies a second, in virtual time; how long each is waited for follows (Little's law).
class StoreModel {
 public:
  explicit StoreModel(std::function<double(int)> rate) : rate_(std::move(rate)) {}

  void run(HttpConcurrency& concurrency, HttpClock::duration time, bool saturated = true, std::int64_t bytes = 0) {
    for (const auto end = now + time; now < end;) {
      now += std::chrono::duration_cast<HttpClock::duration>(
          std::chrono::duration<double>(1 / rate_(concurrency.limit())));
      concurrency.on_reply(now, wait(concurrency.limit()), bytes, saturated);
    }
  }

  HttpClock::time_point now{1h};

 private:
  HttpClock::duration wait(int limit) const {
    return std::chrono::duration_cast<HttpClock::duration>(std::chrono::duration<double>(limit / rate_(limit)));
  }

  const std::function<double(int)> rate_;
};

/// The first request is the only one, and the server is near: what comes much later waits there.
void ask_once(HttpConcurrency& concurrency) { concurrency.on_reply(HttpClock::time_point(1h), 1ms, 0, false); }

double far(int limit) { return limit / 0.05; }                // 50 ms away: all that is under way comes each 50 ms
double near(int limit) { return std::min(limit, 12) * 100; }  // no faster with more than 12

TEST(HttpConcurrency, DoublesWhileThatHelps) {
  HttpConcurrency concurrency(256);
  EXPECT_EQ(concurrency.limit(), 16);
  StoreModel store(far);
  store.run(concurrency, 2s);
  EXPECT_EQ(concurrency.limit(), 256);
}

TEST(HttpConcurrency, GoesBackWhereItDoesNotAndTriesAgainMoreAndMoreRarely) {
  HttpConcurrency concurrency(256);
  ask_once(concurrency);
  StoreModel store(near);
  int tries = 0;
  bool trying = false;
  for (int ms = 0; ms < 60'000; ms += 10) {
    store.run(concurrency, 10ms);
    ASSERT_LE(concurrency.limit(), 32);
    const bool is_trying = concurrency.limit() == 32;
    tries += is_trying && !trying ? 1 : 0;
    trying = is_trying;
  }
  EXPECT_EQ(concurrency.limit(), 16);
  EXPECT_GE(tries, 4);
  EXPECT_LE(tries, 6) << "after 2, 4, 8, 16, 32 s";
}

TEST(HttpConcurrency, FindsTheKneeBetween) {
  HttpConcurrency concurrency(256);
  ask_once(concurrency);
  StoreModel store([](int limit) { return std::min(limit, 60) * 100; });
  store.run(concurrency, 1s);
  EXPECT_EQ(concurrency.limit(), 64);
}

TEST(HttpConcurrency, MoreMayWaitAtAFarServerThanAtANearOne) {
  const auto store = [](double distance) {
    return StoreModel([distance](int limit) { return std::min(limit / distance, 6000.0 + limit); });
  };
  HttpConcurrency near_one(256), far_one(256);
  ask_once(near_one);
  store(0.001).run(near_one, 1s);
  store(0.020).run(far_one, 1s);
  EXPECT_EQ(near_one.limit(), 16);
  EXPECT_EQ(far_one.limit(), 256) << "128 give 6,128 replies a second, and 256 few more";
}

TEST(HttpConcurrency, FollowsAStoreThatGetsFaster) {
  HttpConcurrency concurrency(256);
  ask_once(concurrency);
  StoreModel slow(near), fast(far);
  slow.run(concurrency, 10s);
  EXPECT_EQ(concurrency.limit(), 16);
  fast.now = slow.now;
  fast.run(concurrency, 20s);
  EXPECT_EQ(concurrency.limit(), 256);
}

TEST(HttpConcurrency, TimesWithoutDemandSayNothing) {
  HttpConcurrency concurrency(256);
  StoreModel store(far);
  store.run(concurrency, 10s, false);
  EXPECT_EQ(concurrency.limit(), 16);
  // One reply in ten finds no queue: no window gets long enough.
  for (int i = 0; i < 1000; ++i) {
    store.run(concurrency, 20ms);
    store.run(concurrency, 1ms, false);
  }
  EXPECT_EQ(concurrency.limit(), 16);
}

TEST(HttpConcurrency, SmallerRepliesAreNoGain) {
  HttpConcurrency concurrency(256);
  ask_once(concurrency);
  StoreModel large([](int) { return 100; }), small([](int) { return 550; });
  large.run(concurrency, 400ms, true, 640 << 10);  // ten times as many bytes
  ASSERT_EQ(concurrency.limit(), 32) << "the first window is over";
  small.now = large.now;
  small.run(concurrency, 1s, true, 64 << 10);
  EXPECT_EQ(concurrency.limit(), 16);
}

TEST(HttpConcurrency, OneSlowWindowMakesNoTryLookGood) {
  HttpConcurrency concurrency(256);
  ask_once(concurrency);
  StoreModel store([](int) { return 1000; }), slow([](int) { return 850; });
  while (concurrency.limit() == 16) store.run(concurrency, 1ms);
  while (concurrency.limit() == 32) store.run(concurrency, 1ms);  // it did not help: the next try is in 2 s
  store.run(concurrency, 1s);
  slow.now = store.now + 970ms;
  concurrency.on_reply(slow.now, 1ms, 0, false);
  while (concurrency.limit() == 16) slow.run(concurrency, 1ms);  // one window, and the second try begins
  store.now = slow.now;
  store.run(concurrency, 1s);
  EXPECT_EQ(concurrency.limit(), 16);
}

TEST(HttpConcurrency, AThrottledReplyHalvesOnceASecond) {
  HttpConcurrency concurrency(256);
  StoreModel store(far);
  store.run(concurrency, 2s);
  ASSERT_EQ(concurrency.limit(), 256);
  for (int i = 0; i < 50; ++i) concurrency.on_throttled(store.now + i * 10ms);
  EXPECT_EQ(concurrency.limit(), 128);
  store.now += 1s;
  concurrency.on_throttled(store.now);
  EXPECT_EQ(concurrency.limit(), 64);
  store.run(concurrency, 1s);
  EXPECT_EQ(concurrency.limit(), 64) << "a pause before the next try";
  store.run(concurrency, 10s);
  EXPECT_EQ(concurrency.limit(), 256) << "and up again, since all is well";
}

TEST(HttpConcurrency, ThrottlingNeverStopsAllAndNeverGoesOverTheMost) {
  HttpConcurrency many(256), one(1);
  HttpClock::time_point now{1h};
  for (int i = 0; i < 100; ++i, now += 2s) {
    many.on_throttled(now);
    one.on_throttled(now);
  }
  EXPECT_EQ(many.limit(), 4);
  EXPECT_EQ(one.limit(), 1);
  StoreModel store(far);
  store.now = now;
  store.run(one, 100s);
  EXPECT_EQ(one.limit(), 1);
}

}  // namespace
}  // namespace shoal::data
