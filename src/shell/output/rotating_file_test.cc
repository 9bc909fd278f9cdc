#include "shell/output/rotating_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/testing/temp_folder.h"

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

class RotatingFileTest : public ::testing::Test {
 protected:
  std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  const TempFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(RotatingFileTest, KeepsSoManyOfThatSize) {
  RotatingFile file(folder_ / "log", 10, 2);
  for (const char* text : {"first one\n", "second\n", "3\n", "4\n", "the fourth is longer than ten\n", "end\n"}) {
    ASSERT_TRUE(file.write(text).ok());
  }
  EXPECT_EQ(read("log"), "end\n");
  EXPECT_EQ(read("log.1"), "the fourth is longer than ten\n");
  EXPECT_EQ(read("log.2"), "4\n");
  EXPECT_EQ(count(), 3U);
}

TEST_F(RotatingFileTest, MakesNothingBeforeSomethingIsWritten) {
  const RotatingFile file(folder_ / "log", 10, 2);
  EXPECT_EQ(count(), 0U);
}

TEST_F(RotatingFileTest, IsForItsUserAlone) {
  RotatingFile file(folder_ / "log", 10, 2);
  ASSERT_TRUE(file.write("x").ok());
  EXPECT_EQ(fs::status(folder_ / "log").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(RotatingFileTest, SaysWhatItCannotMake) {
  RotatingFile file(folder_ / "no" / "log", 10, 2);
  EXPECT_EQ(file.write("x").code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::shell
