#include "data/exec/ledger.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

TEST(Ledger, KeepsTheReserveOfOperatorsNearerToTheConsumer) {
  Ledger ledger(100, {10, 20, 30});
  EXPECT_TRUE(ledger.fits(2, 100)) << "nothing is behind the last one";
  EXPECT_TRUE(ledger.fits(1, 70));
  EXPECT_FALSE(ledger.fits(1, 71));
  EXPECT_TRUE(ledger.fits(0, 50));
  EXPECT_FALSE(ledger.fits(0, 51));
  ledger.take(2, 40);
  EXPECT_TRUE(ledger.fits(0, 40)) << "a reserve that is in use is kept no second time";
  EXPECT_FALSE(ledger.fits(0, 41));
}

TEST(Ledger, CountsEachAccountTheTotalAndThePeak) {
  Ledger ledger(10, {1, 1});
  ledger.take(0, 8);
  ledger.take(1, 7);
  ledger.give(0, 5);
  EXPECT_EQ(ledger.used(), 10);
  EXPECT_EQ(ledger.used(0), 3);
  EXPECT_EQ(ledger.used(1), 7);
  EXPECT_EQ(ledger.peak(), 15);
}

}  // namespace
}  // namespace shoal::data
