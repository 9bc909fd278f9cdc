// The tests' own main(): worker processes are this program started again.
#include <gtest/gtest.h>
#include <shoal/api/session.h>

int main(int argc, char** argv) {
  shoal::init(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
