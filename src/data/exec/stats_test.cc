#include "data/exec/stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/exec/testing/synthetic_run.h"

namespace shoal::data {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

RunReport finished_report() {
  RunReport report;
  report.operators = {testing::synthetic_operator("ReadImages+MapBatches(normalize)", 2, 2)};
  OperatorReport& op = report.operators[0];
  for (const std::int64_t ms : {10, 30}) op.wall_ns.add(ms * 1'000'000);
  for (const std::int64_t ms : {5, 7}) op.cpu_ns.add(ms * 1'000'000);
  for (const std::int64_t rows : {20, 30}) op.block_rows.add(rows);
  for (const std::int64_t kib : {100, 300}) op.block_bytes.add(kib << 10);
  report.wall_ns = 8'120'000'000;
  report.rows_delivered = 70'000;
  report.first_block_ns = 123'000'000;
  report.consumer_wait_ns = 6'500'000'000;
  report.memory_peak = 80'600'000;
  report.memory_budget = std::int64_t{2} << 30;
  report.finished = true;
  return report;
}

TEST(Stats, ShowMinimumMeanMaximumAndTotal) {
  const std::string text = render_stats(finished_report());
  EXPECT_THAT(text, HasSubstr("ReadImages+MapBatches(normalize)"));
  EXPECT_THAT(text, ContainsRegex("wall time +10.0 ms +20.0 ms +30.0 ms +40.0 ms"));
  EXPECT_THAT(text, ContainsRegex("CPU time +5.00 ms +6.00 ms +7.00 ms +12.0 ms"));
  EXPECT_THAT(text, ContainsRegex("rows a block +20 +25 +30 +50"));
  EXPECT_THAT(text, ContainsRegex("block size +100.0 KiB +200.0 KiB +300.0 KiB +400.0 KiB"));
}

TEST(Stats, ShowTheRunAsAWhole) {
  const std::string text = render_stats(finished_report());
  for (const char* figure : {"70,000 rows", "8.12 s", "123 ms", "6.50 s", "76.9 MiB", "2.0 GiB", "0 B spilled"}) {
    EXPECT_THAT(text, HasSubstr(figure));
  }
}

TEST(Stats, LeaveOutWhatDidNotHappen) {
  RunReport report = finished_report();
  EXPECT_THAT(render_stats(report), Not(HasSubstr("retries")));
  EXPECT_THAT(render_stats(report), Not(HasSubstr("waited for")));
  OperatorReport& op = report.operators[0];
  op.retries = 2;
  op.quarantined_rows = 3;
  op.requests = 70'000;
  op.bytes_read = 22 << 20;
  op.waited_ns[static_cast<std::size_t>(WaitReason::slot)] = 1'200'000'000;
  op.waited_ns[static_cast<std::size_t>(WaitReason::output_budget)] = 310'000'000;
  const std::string text = render_stats(report);
  EXPECT_THAT(text, ContainsRegex("retries +2\n"));
  EXPECT_THAT(text, ContainsRegex("quarantined +3 rows\n"));
  EXPECT_THAT(text, ContainsRegex("storage +70,000 requests, 22.0 MiB read\n"));
  EXPECT_THAT(text, HasSubstr("output budget 310 ms, slot 1.20 s"));
}

TEST(Stats, OfARunWithoutBlocks) { EXPECT_THAT(render_stats(RunReport{}), HasSubstr("first block none")); }

}  // namespace
}  // namespace shoal::data
