#include "data/exec/trace.h"

#include <boost/json/src.hpp>  // the header-only form: the library itself is not linked
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "data/exec/testing/synthetic_run.h"

namespace shoal::data {
namespace {

boost::json::array events_of(const Trace& trace, const RunReport& report) {
  return boost::json::parse(trace.to_json(report)).as_object().at("traceEvents").as_array();
}

TEST(Trace, IsValidJsonWithOneBarAFragment) {
  Trace trace;
  trace.add({.op = 1, .ordinal = 7, .attempt = 1, .start_ns = 1'500, .end_ns = 4'000, .failed = true});
  trace.add({.op = 0, .ordinal = 3, .attempt = 0, .start_ns = 0, .end_ns = 2'000, .failed = false});
  RunReport report;
  report.operators = {testing::synthetic_operator("Read\"\\\x01\xff", 1, 1), testing::synthetic_operator("Map", 1, 1)};
  const boost::json::array events = events_of(trace, report);
  ASSERT_EQ(events.size(), 4U);  // two names of operators, two fragments
  EXPECT_EQ(events[1].at("args").at("name").as_string(), "Map");
  const boost::json::object& failed = events[3].as_object();
  EXPECT_EQ(failed.at("cat").as_string(), "failed");
  EXPECT_EQ(failed.at("ph").as_string(), "X");
  EXPECT_DOUBLE_EQ(failed.at("ts").to_number<double>(), 1.5);
  EXPECT_DOUBLE_EQ(failed.at("dur").to_number<double>(), 2.5);
  EXPECT_EQ(failed.at("args").at("fragment").as_int64(), 7);
}

TEST(Trace, FragmentsThatOverlapHaveLanesOfTheirOwn) {
  Trace trace;
  for (std::int64_t i = 0; i < 20; ++i) {  // each overlaps the two before it
    trace.add(
        {.op = 0, .ordinal = i, .attempt = 0, .start_ns = i * 10'000, .end_ns = i * 10'000 + 25'000, .failed = false});
  }
  std::map<std::int64_t, double> lane_end;
  for (const boost::json::value& event : events_of(trace, {})) {
    const std::int64_t lane = event.at("tid").as_int64();
    const double start = event.at("ts").to_number<double>();
    EXPECT_GE(start, lane_end[lane]);
    lane_end[lane] = start + event.at("dur").to_number<double>();
  }
  EXPECT_EQ(lane_end.size(), 3U);
}

TEST(Trace, OfNothingIsValidToo) { EXPECT_TRUE(events_of(Trace(), {}).empty()); }

TEST(Trace, AppearsWholeOrNotAtAll) {
  char name[] = "/tmp/shoal-trace-test-XXXXXX";
  const std::string folder = mkdtemp(name);
  EXPECT_EQ(Trace().write(folder + "/missing/trace.json", {}).code(), ErrorCode::io);
  ASSERT_TRUE(Trace().write(folder + "/trace.json", {}).ok());
  std::ostringstream text;
  text << std::ifstream(folder + "/trace.json").rdbuf();
  EXPECT_EQ(text.str(), Trace().to_json({}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace shoal::data
