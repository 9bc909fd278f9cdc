#include "shell/patience.h"

#include <gtest/gtest.h>

namespace shoal::shell {
namespace {

/// How many waits sleep at once before one looks, which is in vain.
int asleep_before_look(Patience& patience) {
  for (int waits = 0;; ++waits) {
    const bool looks = patience.looks();
    patience.waited(100 * k_linger_ns, looks);
    if (looks) return waits;
  }
}

TEST(Patience, LooksLessOftenWhereItIsInVain) {
  Patience patience;
  for (const int waits : {0, 1, 3, 7, 7, 7}) EXPECT_EQ(asleep_before_look(patience), waits);
}

TEST(Patience, LooksAgainAfterAWaitThatWasShort) {
  Patience patience;
  asleep_before_look(patience);
  asleep_before_look(patience);
  ASSERT_FALSE(patience.looks());
  patience.waited(2 * k_linger_ns, false);  // with the time that it took to wake up
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(patience.looks());
    patience.waited(k_linger_ns, true);
  }
  EXPECT_EQ(asleep_before_look(patience), 0);
  EXPECT_EQ(asleep_before_look(patience), 1) << "it counts from the start";
}

}  // namespace
}  // namespace shoal::shell
