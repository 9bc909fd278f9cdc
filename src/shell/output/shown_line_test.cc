#include "shell/output/shown_line.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace shoal::shell {
namespace {

Line written(std::string text, std::uint64_t cut = 0) {
  return {.who = std::make_shared<const std::string>("resize"), .text = std::move(text), .cut = cut};
}

TEST(ShownLine, SaysWhoWroteIt) {
  EXPECT_EQ(shown({.pid = 7}, written("hello"), {}), "(resize pid 7) hello");
  EXPECT_EQ(shown({.pid = 7, .host = "b"}, written("hello"), {}), "(resize pid 7 on b) hello");
  EXPECT_EQ(shown({.pid = 7}, {.text = "hello"}, {}), "(worker pid 7) hello");
}

TEST(ShownLine, ColoursProcessesOnATerminalOnly) {
  const Looks looks{.is_terminal = true, .has_colour = true};
  EXPECT_EQ(shown({.pid = 8}, written("hello"), looks), "\x1b[36m(resize pid 8)\x1b[0m hello");
  EXPECT_NE(shown({.pid = 9}, written("hello"), looks), "\x1b[36m(resize pid 9)\x1b[0m hello");
}

TEST(ShownLine, DoesNotSteerATerminal) {
  EXPECT_EQ(shown({.pid = 7}, written("a\x1b[2Jb"), {.is_terminal = true}), "(resize pid 7) a\\x1b[2Jb");
  EXPECT_EQ(shown({.pid = 7}, written("a\x1b[2Jb"), {}), "(resize pid 7) a\x1b[2Jb") << "a file takes what was written";
}

TEST(ShownLine, ShowsWhatACarriageReturnLeaves) {
  EXPECT_EQ(shown({.pid = 7}, written("10 %\r100 %\r"), {.is_terminal = true}), "(resize pid 7) 100 %");
}

TEST(ShownLine, SaysWhatIsLeftOut) {
  EXPECT_EQ(shown({.pid = 7}, written("long", 12), {}), "(resize pid 7) long [... 12 bytes more]");
  EXPECT_EQ(shown({.first = {.pid = 7}, .line = written("hello"), .times = 3, .processes = 2}, {}),
            "(resize pid 7) hello [3 times more, from 2 other processes]");
}

}  // namespace
}  // namespace shoal::shell
