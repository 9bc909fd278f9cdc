// The tests' own main(): worker processes are this program started again. With SHOAL_PROCESSES=n tests have a session with so
// many, in which SHOAL_ISOLATION=processes lets their datasets run; those that make sessions themselves are to be left out.
#include <gtest/gtest.h>
#include <shoal/api/session.h>

#include <cstdlib>
#include <optional>

int main(int argc, char** argv) {
  shoal::init(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  std::optional<shoal::Session> session;
  if (!::testing::GTEST_FLAG(list_tests) && std::getenv("SHOAL_PROCESSES") != nullptr) session.emplace();
  return RUN_ALL_TESTS();
}
