#include "shell/output/line_cutter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace shoal::shell {
namespace {

constexpr const char* k_secret = "4711";

/// "who: text" of each line that comes of the bytes, given in pieces of that size.
std::vector<std::string> lines_of(const std::string& bytes, std::size_t piece = 1'000'000) {
  LineCutter cutter(k_secret);
  std::vector<Line> lines;
  for (std::size_t at = 0; at < bytes.size(); at += piece) cutter.take(bytes.substr(at, piece), lines);
  cutter.end(lines);
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    texts.push_back((line.who == nullptr ? "?" : *line.who) + ": " + line.text +
                    (line.cut > 0 ? " +" + std::to_string(line.cut) : ""));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(LineCutter, GivesWholeLinesAndWhatIsLeftAtTheEnd) {
  EXPECT_EQ(lines_of("one\n\nthree"), (Texts{"?: one", "?: ", "?: three"}));
  EXPECT_EQ(lines_of(""), Texts());
}

TEST(LineCutter, AMarkSaysWhoWritesFromThereOn) {
  const std::string a = mark_of(k_secret, "a"), b = mark_of(k_secret, "b");
  EXPECT_EQ(lines_of("early\n" + a + "one\n" + b + a + "two\n"), (Texts{"?: early", "a: one", "a: two"}));
  EXPECT_EQ(lines_of(a + "no line break" + b + "two\n"), (Texts{"a: no line break", "b: two"}));
}

TEST(LineCutter, ANameWithALineBreakIsNoLine) {
  EXPECT_EQ(lines_of(mark_of(k_secret, "a\nb") + "x\n"), (Texts{"a\\nb: x"}));
}

TEST(LineCutter, WhatOnlyLooksLikeAMarkIsText) {
  const std::string other = mark_of("4712", "a");
  EXPECT_EQ(lines_of(other).size(), 1U);
  EXPECT_EQ(lines_of(other)[0].substr(0, 3), "?: ");
}

TEST(LineCutter, CutsWhatIsTooLong) {
  const std::string longest(k_line_max, 'x');
  EXPECT_EQ(lines_of(longest + "\n"), (Texts{"?: " + longest}));
  EXPECT_EQ(lines_of(longest + "yyy\nnext\n"), (Texts{"?: " + longest + " +3", "?: next"}));
}

TEST(LineCutter, FindsAMarkBehindALineThatIsTooLong) {
  const std::string mark = mark_of(k_secret, "a");
  for (const std::size_t more : {0UL, 1UL, 5UL, 1'023UL, 1'024UL, 1'025UL, 70'000UL}) {
    const std::string text(k_line_max - 3 + more, 'x');
    const std::size_t cut = text.size() - std::min(text.size(), k_line_max);
    const std::string first = "?: " + text.substr(0, k_line_max) + (cut > 0 ? " +" + std::to_string(cut) : "");
    for (const std::size_t piece : {7UL, 4'096UL, 1'000'000UL}) {
      EXPECT_EQ(lines_of(text + mark + "next\n", piece), (Texts{first, "a: next"})) << more << " " << piece;
    }
  }
}

// Anything at all, marks in it, in pieces of any size: nothing is lost, and pieces make no difference.
TEST(LineCutter, AnyBytesInAnyPieces) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    for (int part = 0; part < 30; ++part) {
      if (random() % 4 == 0) bytes += mark_of(k_secret, std::string(random() % 3 + 1, 'n'));
      for (std::size_t n = random() % 50; n > 0; --n) bytes += static_cast<char>(random() % 8 == 0 ? '\n' : random());
    }
    const Texts whole = lines_of(bytes);
    for (const std::size_t piece : {1, 2, 3, 17, 64}) ASSERT_EQ(lines_of(bytes, piece), whole);
  }
}

}  // namespace
}  // namespace shoal::shell
