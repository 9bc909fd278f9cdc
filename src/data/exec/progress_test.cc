#include "data/exec/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/exec/testing/synthetic_run.h"

namespace shoal::data {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::synthetic_operator;
using testing::synthetic_report;

/// Columns on a screen, for text whose characters are all one column wide.
std::size_t columns(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      ++count;
    }
  }
  return count;
}

TEST(Progress, NoLineIsEverTooWide) {
  RunReport huge = synthetic_report(130);
  huge.operators.push_back(synthetic_operator(std::string(300, 'x'), 123'456'789, 98'765'432));
  huge.cpus_total = 4096;
  huge.gpus_total = 512.5;
  huge.memory_used = huge.memory_budget = (std::int64_t{1023} << 30) + 12345;
  for (const RunReport& report : {synthetic_report(0), synthetic_report(130), synthetic_report(200), huge}) {
    for (int width = 40; width <= 260; ++width) {
      for (const bool utf8 : {false, true}) {
        const auto lines = render_progress(report, {.width = width, .verbose = true, .colour = utf8, .utf8 = utf8});
        ASSERT_EQ(lines.size(), report.operators.size() + 1);
        for (const std::string& line : lines) ASSERT_LE(columns(line), static_cast<std::size_t>(width)) << line;
      }
    }
  }
}

TEST(Progress, TheOverallLineFitsAllFiguresIn80Columns) {
  const std::string line = render_progress(synthetic_report(130), {.width = 80}).at(0);
  for (const char* figure : {"CPU 7/16", "GPU 0/0", "76.9 MiB/2.0 GiB", "65%", "130/", "200", "/s", "ETA 0:05", "|#"}) {
    EXPECT_THAT(line, HasSubstr(figure));
  }
}

TEST(Progress, WideTerminalsShowEveryFigureOfAnOperator) {
  const auto lines = render_progress(synthetic_report(130), {.width = 200, .verbose = true});
  ASSERT_EQ(lines.size(), 5U);
  for (const char* figure : {"MapBatches(Nap)", "65%", "130/~200", "3250 rows", "476.1 MiB", "406 rows/s", "7 running",
                             "0 queued", "2 actors", "7.3 MiB/2.0 GiB", "waits for slot", "ETA 0:05"}) {
    EXPECT_THAT(lines[3], HasSubstr(figure));
  }
}

TEST(Progress, BarsAreAsciiUnlessTheTerminalKnowsMore) {
  const RunReport report = synthetic_report(130);
  const std::string ascii = render_progress(report, {.width = 80}).at(0);
  EXPECT_EQ(columns(ascii), ascii.size());
  EXPECT_THAT(render_progress(report, {.width = 80, .utf8 = true}).at(0), HasSubstr("█"));
  EXPECT_THAT(ascii, Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_progress(report, {.width = 80, .colour = true}).at(0), HasSubstr("\x1b["));
}

TEST(Progress, NamesCannotMoveTheCursor) {
  RunReport report;
  report.operators = {synthetic_operator("Map(\x1b[2J\n\xc3\xa4)", 2, 1)};
  EXPECT_THAT(render_progress(report, {.width = 80, .verbose = true}).at(1), HasSubstr("Map(?[2J?"
                                                                                       "?)"));
}

TEST(Progress, TotalsAreEstimatedFromTheOperatorsBefore) {
  RunReport report;
  report.operators = {synthetic_operator("Read", 10, 5), synthetic_operator("Map", -1, 8),
                      synthetic_operator("Write", -1, 0)};
  report.operators[0].blocks = 20;  // four blocks a fragment
  const auto all = completions(report);
  EXPECT_FALSE(all[0].is_estimate);
  EXPECT_DOUBLE_EQ(*all[0].fraction(), 0.5);
  EXPECT_TRUE(all[1].is_estimate);
  EXPECT_DOUBLE_EQ(*all[1].total, 40);
  EXPECT_DOUBLE_EQ(*all[2].total, 40);
}

TEST(Progress, WhatIsNotKnownIsShownAsSuch) {
  RunReport report;
  report.operators = {synthetic_operator("ListFiles", -1, 0)};
  const std::string line = render_progress(report, {.width = 80}).at(0);
  EXPECT_THAT(line, HasSubstr("?%"));
  EXPECT_THAT(line, HasSubstr("ETA -"));
}

TEST(Progress, AFinishedRunIsDoneEvenWhereWorkWasLeftOut) {
  RunReport report = synthetic_report(130);  // as after a limit
  report.finished = true;
  EXPECT_THAT(render_progress(report, {.width = 80}).at(0), HasSubstr("100%"));
}

TEST(Progress, OneLineElsewhere) {
  EXPECT_THAT(progress_line(synthetic_report(130), false), HasSubstr("65% 130/~200 blocks"));
  EXPECT_THAT(progress_line(synthetic_report(130), false), Not(HasSubstr("ReadRange")));
  EXPECT_THAT(progress_line(synthetic_report(130), true), HasSubstr("waits for slot"));
}

}  // namespace
}  // namespace shoal::data
