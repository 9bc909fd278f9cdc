#include "net/mailbox.h"

#include <gtest/gtest.h>

#include <thread>

namespace shoal::net {
namespace {

TEST(Mailbox, TellsWhoPutTheFirst) {
  Mailbox<int> mailbox;
  std::vector<int> batch{2, 3}, taken{9};
  EXPECT_TRUE(mailbox.put(1));
  EXPECT_FALSE(mailbox.put_all(batch));
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(mailbox.size(), 3u);
  mailbox.take(taken);
  EXPECT_EQ(taken, (std::vector{1, 2, 3}));
  EXPECT_EQ(mailbox.size(), 0u);
  EXPECT_FALSE(mailbox.put_all(batch)) << "nothing is no news";
  batch = {4};
  EXPECT_TRUE(mailbox.put_all(batch));
  mailbox.take(taken);
  EXPECT_EQ(taken, std::vector{4});
  mailbox.take(taken);
  EXPECT_TRUE(taken.empty());
}

TEST(Mailbox, KeepsTheOrderOfEachOfManyWriters) {
  constexpr int k_writers = 3, k_each = 20'000;
  Mailbox<std::pair<int, int>> mailbox;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < k_writers; ++writer) {
    writers.emplace_back([&mailbox, writer] {
      std::vector<std::pair<int, int>> batch;
      for (int n = 0; n < k_each; ++n) {
        batch.emplace_back(writer, n);
        if (n % 7 == 0) mailbox.put_all(batch);
      }
      mailbox.put_all(batch);
    });
  }
  std::vector<std::pair<int, int>> taken;
  int next[k_writers] = {};
  for (int all = 0; all < k_writers * k_each;) {
    mailbox.take(taken);
    all += static_cast<int>(taken.size());
    for (const auto& [writer, n] : taken) ASSERT_EQ(n, next[writer]++);
    if (taken.empty()) std::this_thread::yield();
  }
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace shoal::net
