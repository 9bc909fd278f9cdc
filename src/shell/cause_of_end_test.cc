#include "shell/cause_of_end.h"

#include <gtest/gtest.h>

namespace shoal::shell {
namespace {

TEST(CauseOfEnd, SaysWhatIsKnown) {
  EndedWorker worker{.pid = 7, .end = "it was ended by signal 9 (Killed)"};
  EXPECT_EQ(cause_of_end(worker), "process 7: it was ended by signal 9 (Killed)");
  worker.task = "resize";
  worker.last_words = "\n  | one\n  | two";
  EXPECT_EQ(cause_of_end(worker),
            "process 7: it was ended by signal 9 (Killed) while it ran resize; the last that it wrote to standard "
            "error:\n  | one\n  | two");
  worker.may_lack_memory = true;
  EXPECT_NE(cause_of_end(worker).find("lack of memory"), std::string::npos);
}

}  // namespace
}  // namespace shoal::shell
