#include <shoal/base/log.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/log_scope.h"
#include "base/testing/child.h"

namespace shoal {
namespace {

using testing::Child;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/shoal-log-test-XXXXXX";
    folder_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string only_file() const {
    std::ostringstream text;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) text << std::ifstream(entry.path()).rdbuf();
    return text.str();
  }

  std::string folder_;
};

TEST_F(Log, FormatsEveryKindOfArgument) {
  Child child([] {
    log::info("{} {} {:04} {} {:.2f} {} {} {:>5} {{}}", true, 'x', 42, std::uint64_t{18446744073709551615U}, 3.14159,
              0.1f, std::string("text"), "abc");
    log::info("{1} {0}", -7, std::string_view("numbered"));
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(child.output(), HasSubstr("true x 0042 18446744073709551615 3.14 0.1 text   abc {}"));
  EXPECT_THAT(child.output(), HasSubstr("numbered -7"));
}

TEST_F(Log, TheConsoleShowsTimeLevelAndProcess) {
  Child child([] {
    log::warn("disk is nearly full");
    return 0;
  });
  const std::string pid = std::to_string(child.pid());
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(child.output(),
              ContainsRegex("^[0-9]+:[0-9]+:[0-9]+[.][0-9]+ " + pid + " warning disk is nearly full\n$"));
}

TEST_F(Log, TheFileAddsOffsetThreadAndStep) {
  Child child([this] {
    setenv("SHOAL_LOG_DIR", folder_.c_str(), 1);
    log::info("outside");
    const std::string step = "ReadImages";
    const log::Scope scope(step, 12);
    log::info("inside");
    return 0;
  });
  const std::string pid = std::to_string(child.pid());
  EXPECT_EQ(child.wait(), 0);
  const std::string text = only_file();
  EXPECT_THAT(text, ContainsRegex("^[0-9-]+ [0-9:]+[.][0-9][0-9][0-9][+-][0-9][0-9]:[0-9][0-9] info " + pid +
                                  " [0-9]+ outside\n"));
  EXPECT_THAT(text, ContainsRegex(" \\[ReadImages #12\\] inside\n$"));
  EXPECT_TRUE(std::filesystem::directory_iterator(folder_)->path().filename().string().ends_with("-" + pid + ".log"));
}

TEST_F(Log, ScopesNestPerThread) {
  EXPECT_EQ(log::Scope::current(), nullptr);
  {
    const log::Scope outer("outer", 1);
    {
      const log::Scope inner("inner", 2);
      EXPECT_EQ(log::Scope::current()->step(), "inner");
    }
    EXPECT_EQ(log::Scope::current()->fragment(), 1);
  }
  EXPECT_EQ(log::Scope::current(), nullptr);
}

TEST_F(Log, LevelsBelowTheChosenAreDropped) {
  Child child([] {
    setenv("SHOAL_LOG_LEVEL", "warn", 1);
    log::info("dropped");
    log::warn("kept");
    log::set_level(log::Level::debug);
    log::debug("kept too");
    return log::level() == log::Level::debug ? 0 : 1;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(child.output(), Not(HasSubstr("dropped")));
  EXPECT_THAT(child.output(), HasSubstr("kept too"));
}

TEST_F(Log, AnUnusableFolderIsOneWarningAndTheProgramGoesOn) {
  Child child([this] {
    const std::string file = folder_ + "/file";
    std::ofstream(file) << "not a folder";
    setenv("SHOAL_LOG_DIR", (file + "/below").c_str(), 1);
    log::info("first");
    log::info("second");
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(child.output(), HasSubstr("SHOAL_LOG_DIR"));
  EXPECT_EQ(child.output().find("SHOAL_LOG_DIR"), child.output().rfind("SHOAL_LOG_DIR"));
  EXPECT_THAT(child.output(), HasSubstr("first"));
  EXPECT_THAT(child.output(), HasSubstr("second"));
}

TEST_F(Log, NamesFromOutsideCannotSteerTheTerminal) {
  Child child([] {
    log::info("object {}", "evil\x1b[2J\rname");
    log::info("object {}\nsecond line",
              "a\n12:00:00.000 1 info    b \xc2\x9b"
              "2J \xc3\x9b \xc2\xa0|");
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(child.output(), HasSubstr("evil\\x1b[2J\\x0dname"));
  EXPECT_THAT(child.output(),
              HasSubstr("object a\\n12:00:00.000 1 info    b \\x9b2J \xc3\x9b \xc2\xa0|\nsecond line\n"));
}

}  // namespace
}  // namespace shoal
