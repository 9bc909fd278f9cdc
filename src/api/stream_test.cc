#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "api/testing/sessions.h"

namespace shoal {
namespace {

using testing::shared;
using std::chrono_literals::operator""ms;

class Streams : public testing::SessionTest {};
SHOAL_TEST_IN_SESSIONS(Streams);

void count_up(int from, int to, Sink<int>& out) {
  for (int i = from; i < to; ++i) out.push(i);
}

TEST_P(Streams, GiveItemsInOrder) {
  int expected = 5;
  RefStream<int> numbers = submit(count_up, 5, submit([] { return 500; }));
  for (const Ref<int>& number : numbers) EXPECT_EQ(get(number), expected++);
  EXPECT_EQ(expected, 500);
  EXPECT_FALSE(numbers.next().has_value());
}

TEST_P(Streams, ItemsArriveWhileTheTaskRuns) {
  RefStream<std::string> words = submit([](Sink<std::string>& out) {
    out.push("first");
    shared().gate.acquire();
    out.push("second");
  });
  EXPECT_EQ(get(*words.next()), "first");
  EXPECT_THROW(words.next({.timeout = 1ms}), Timeout);
  shared().gate.release();
  EXPECT_EQ(get(*words.next()), "second");
  EXPECT_FALSE(words.next().has_value());
}

TEST_P(Streams, TheTaskWaitsForWhoTakesTheItems) {
  RefStream<std::string> blocks = submit([](Sink<std::string>& out) {
    for (int i = 0; i < 200; ++i) {
      out.push(std::string(1 << 20, 'x'));
      ++shared().count;
    }
  });
  int taken = 0, ahead = 0;
  for (const Ref<std::string>& block : blocks) {
    ahead = std::max(ahead, shared().count.load() - taken);
    EXPECT_EQ(view(block)->size(), 1 << 20);
    ++taken;
  }
  EXPECT_EQ(taken, 200);
  EXPECT_LT(ahead, 100) << "items that nobody took piled up";
}

TEST_P(Streams, ADroppedStreamEndsTheTask) {
  {
    RefStream<int> endless = submit([](Sink<int>& out) {
      int i = 0;
      while (out.push(i)) ++i;
      shared().gate.release();
    });
    EXPECT_EQ(get(*endless.next()), 0);
  }
  shared().gate.acquire();
}

TEST_P(Streams, FailAfterTheItemsBefore) {
  RefStream<int> numbers = submit({.name = "breaks"}, [](Sink<int>& out) {
    out.push(1);
    throw std::out_of_range("no more");
  });
  EXPECT_EQ(get(*numbers.next()), 1);
  EXPECT_THROW(numbers.next(), std::out_of_range);
}

TEST_P(Streams, EachItemComesOnceWhateverAttemptsTheTaskNeeds) {
  RefStream<int> numbers = submit({.max_retries = 3, .retry_on = retry_on_all()}, [](Sink<int>& out) {
    const int attempt = shared().count++;
    for (int i = 0; i < 10; ++i) {
      if (attempt < 3 && i == 3 * (attempt + 1)) throw std::runtime_error("again");
      out.push(i);
    }
  });
  int expected = 0;
  for (const Ref<int>& number : numbers) EXPECT_EQ(get(number), expected++);
  EXPECT_EQ(expected, 10);
  EXPECT_EQ(shared().count, 4);
}

TEST_P(Streams, ItemsMayHoldReferences) {
  RefStream<std::vector<Ref<int>>> pairs = submit([](Sink<std::vector<Ref<int>>>& out) {
    for (int i = 0; i < 5; ++i) out.push({put(i), put(i * i)});
  });
  int i = 0;
  for (const Ref<std::vector<Ref<int>>>& pair : pairs) {
    const std::vector<Ref<int>> both = get(pair);
    EXPECT_EQ(get(both[0]) * get(both[0]), get(both[1]));
    EXPECT_EQ(get(both[0]), i++);
  }
}

TEST_P(Streams, ItemsAreArgumentsOfTasks) {
  std::vector<Ref<int>> squares;
  for (const Ref<int>& number : submit(count_up, 0, 20)) {
    squares.push_back(submit([](int x) { return x * x; }, number));
  }
  int total = 0;
  for (const int square : get(squares)) total += square;
  EXPECT_EQ(total, 2470);
}

TEST_P(Streams, CancellingATaskCancelsWhatItSubmitted) {
  const Ref<void> parent = submit([] {
    const Ref<void> child = submit([] {
      shared().gate.release();
      while (!is_cancelled()) std::this_thread::yield();
      shared().gate.release();
    });
    get(child);
  });
  shared().gate.acquire();
  cancel(parent);
  shared().gate.acquire();
  EXPECT_THROW(get(parent), Cancelled);
}

}  // namespace
}  // namespace shoal
