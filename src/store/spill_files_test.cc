#include "store/spill_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/child.h"
#include "base/testing/small_disk.h"
#include "base/testing/seeds.h"
#include "base/testing/temp_folder.h"
#include "store/spill_folder.h"

namespace shoal::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::vector<std::byte> some(std::size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  std::mt19937 random(seed);
  for (std::byte& each : bytes) each = static_cast<std::byte>(random());
  return bytes;
}

class StoreSpillFiles : public ::testing::Test {
 protected:
  std::unique_ptr<SpillFiles> open(std::uint64_t segment_bytes = 4096, std::uint64_t quota = UINT64_MAX) {
    return SpillFiles::open({{folder}, segment_bytes, quota}).value_or_throw();
  }
  static std::vector<std::byte> read(SpillFiles& files, std::uint64_t key, std::size_t size) {
    std::vector<std::byte> bytes(size);
    EXPECT_TRUE(files.read(key, bytes).ok());
    return bytes;
  }
  /// All regular files below, but for locks.
  std::vector<fs::path> segments() const {
    std::vector<fs::path> found;
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
      if (each.is_regular_file() && each.path().filename() != "lock") found.push_back(each.path());
    }
    return found;
  }
  const TempFolder temporary;
  const std::string folder = temporary.path();
};

TEST_F(StoreSpillFiles, GivesBackWhatWasWritten) {
  const auto files = open();
  const std::vector<std::size_t> sizes = {0, 1, 4096, 4097, 100, 1'000'000};
  for (unsigned i = 0; i < sizes.size(); ++i) ASSERT_TRUE(files->write(i, some(sizes[i], i)).ok());
  for (unsigned i = 0; i < sizes.size(); ++i) EXPECT_EQ(read(*files, i, sizes[i]), some(sizes[i], i)) << i;
  EXPECT_EQ(files->usage().objects, sizes.size());
}

TEST_F(StoreSpillFiles, DeletesASegmentThatHoldsNothingAndLeavesNothingAtTheEnd) {
  auto files = open();
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(files->write(i, some(2048, i)).ok());
  EXPECT_EQ(segments().size(), 2u);
  files->remove(0);
  files->remove(1);
  EXPECT_EQ(segments().size(), 1u);
  files->remove(2);
  files->remove(3);
  EXPECT_EQ(files->usage(), SpillFiles::Usage());
  EXPECT_TRUE(segments().empty());
  ASSERT_TRUE(files->write(5, some(10, 5)).ok());
  files.reset();
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(StoreSpillFiles, CopiesTogetherWhatHolesLeave) {
  const auto files = open();
  for (unsigned i = 0; i < 64; ++i) ASSERT_TRUE(files->write(i, some(1024, i)).ok());
  for (unsigned i = 0; i < 64; ++i) {
    if (i % 4 != 0) files->remove(i);
  }
  EXPECT_EQ(files->usage().live_bytes, 16u * 1024);
  EXPECT_LE(files->usage().file_bytes, 2u * 16 * 1024) << "not more holes than objects";
  for (unsigned i = 0; i < 64; i += 4) EXPECT_EQ(read(*files, i, 1024), some(1024, i)) << i;
}

TEST_F(StoreSpillFiles, UsesItsFoldersByTurns) {
  const std::string other = folder + "/other";
  const auto files = SpillFiles::open({{folder + "/one", other}, 1 << 20}).value_or_throw();
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(files->write(i, some(4096, i)).ok());
  std::map<std::string, std::uintmax_t> bytes;
  for (const fs::path& each : segments()) bytes[each.parent_path().parent_path().string()] += fs::file_size(each);
  EXPECT_EQ(bytes[folder + "/one"], 4u * 4096);
  EXPECT_EQ(bytes[other], 4u * 4096);
}

TEST_F(StoreSpillFiles, ArePrivateAndCannotBeGuessed) {
  const auto files = open();
  ASSERT_TRUE(files->write(1, some(10, 1)).ok());
  ASSERT_EQ(segments().size(), 1u);
  struct stat state{};
  ASSERT_EQ(stat(segments()[0].c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777u, 0600u);
  ASSERT_EQ(stat(segments()[0].parent_path().c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777u, 0700u);
  EXPECT_GE(segments()[0].filename().string().size(), 16u);
}

TEST_F(StoreSpillFiles, NoticesBytesThatChanged) {
  const auto files = open(1 << 20);
  ASSERT_TRUE(files->write(1, some(5000, 1)).ok());
  ASSERT_TRUE(files->write(2, some(5000, 2)).ok());
  ASSERT_EQ(segments().size(), 1u);
  std::fstream file(segments()[0], std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(7000);
  file.put(static_cast<char>(static_cast<int>(some(5000, 2)[2000]) ^ 1));
  file.close();
  std::vector<std::byte> bytes(5000);
  EXPECT_TRUE(files->read(1, bytes).ok());
  const Status status = files->read(2, bytes);
  EXPECT_EQ(status.code(), ErrorCode::corrupt_data);
  EXPECT_THAT(status.text(), HasSubstr(segments()[0].string()));

  fs::resize_file(segments()[0], 6000);
  EXPECT_EQ(files->read(2, bytes).code(), ErrorCode::corrupt_data);
}

TEST_F(StoreSpillFiles, KeepToTheirQuota) {
  const auto files = open(4096, 8192);
  ASSERT_TRUE(files->write(1, some(4096, 1)).ok());
  ASSERT_TRUE(files->write(2, some(3000, 2)).ok());
  const Status status = files->write(3, some(2000, 3));
  EXPECT_EQ(status.code(), ErrorCode::no_space);
  EXPECT_THAT(status.text(), HasSubstr("2000 bytes"));
  files->remove(1);
  EXPECT_TRUE(files->write(3, some(2000, 3)).ok());
  EXPECT_EQ(read(*files, 2, 3000), some(3000, 2));
}

TEST_F(StoreSpillFiles, MakeRoomWithinTheirQuotaByCopying) {
  const auto files = open(4096, 8192);
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(files->write(i, some(1024, i)).ok());
  for (const unsigned i : {0u, 2u, 5u, 7u}) files->remove(i);
  ASSERT_TRUE(files->write(10, some(4096, 10)).ok());
  for (const unsigned i : {1u, 3u, 4u, 6u}) EXPECT_EQ(read(*files, i, 1024), some(1024, i));
}

TEST_F(StoreSpillFiles, OfAKilledProcessAreRemovedByTheNext) {
  testing::Child child([&] {
    const auto files = open();
    if (!files->write(1, some(4000, 1)).ok()) return 1;
    write(STDOUT_FILENO, "wrote\n", 6) == 6 ? pause() : 0;
    return 2;
  });
  ASSERT_TRUE(child.wait_for("wrote"));
  {
    const auto files = open();
    EXPECT_EQ(segments().size(), 1u) << "its process lives";
  }
  child.send(SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(child.wait()));
  EXPECT_EQ(segments().size(), 1u);
  const auto files = open();
  EXPECT_TRUE(segments().empty());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "the own folder";
}

TEST_F(StoreSpillFiles, OfAKilledProcessAreRemovedByTheEndOfOneThatLived) {
  auto files = open();
  testing::Child child([&] {
    const auto its_own = open();
    return write(STDOUT_FILENO, "made\n", 5) == 5 ? pause() : 0;
  });
  ASSERT_TRUE(child.wait_for("made"));
  child.send(SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(child.wait()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);
  files.reset();
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(StoreSpillFiles, OfAProcessThatWasKilledWhileItMadeThemAreRemovedByTheNext) {
  fs::create_directories(folder + "/shoal-spill-without-lock");
  fs::create_directories(folder + "/shoal-spill-without-owner");
  std::ofstream(folder + "/shoal-spill-without-owner/lock").flush();
  open().reset();
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(StoreSpillFiles, AreMadeByManyAtOnce) {
  const auto make_some = [this] {
    for (int i = 0; i < 100; ++i) {
      const auto own = SpillFolder::make(folder);
      ASSERT_TRUE(own.ok()) << own.status().text();
      std::string name;
      EXPECT_TRUE(own->create(name).ok()) << "its folder was taken for an abandoned one";
    }
  };
  std::vector<std::thread> makers;
  for (int i = 0; i < 8; ++i) makers.emplace_back(make_some);
  for (std::thread& maker : makers) maker.join();
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(StoreSpillFiles, LeaveAloneWhatIsNotTheirs) {
  fs::create_directories(folder + "/shoal-spill-of-a-person");
  std::ofstream(folder + "/shoal-spill-of-a-person/notes") << "mine";
  fs::create_directories(folder + "/elsewhere");
  std::ofstream(folder + "/elsewhere/lock") << "1 1\n";
  fs::create_directory_symlink(folder + "/elsewhere", folder + "/shoal-spill-link");
  open().reset();
  EXPECT_TRUE(fs::exists(folder + "/shoal-spill-of-a-person/notes"));
  EXPECT_TRUE(fs::exists(folder + "/elsewhere/lock"));
}

TEST_F(StoreSpillFiles, SayWhatTheyCouldNotMake) {
  EXPECT_EQ(SpillFiles::open({}).status().code(), ErrorCode::invalid_argument);
  std::ofstream(folder + "/file") << "x";
  const Status status = SpillFiles::open({{folder + "/file/below"}}).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.text(), HasSubstr(folder + "/file"));
}

/// In a child with a mount namespace of its own: a disk of 8 MiB.
int fill_a_disk(const std::string& folder) {
  if (!testing::mount_small_disk(folder, 8)) return 0;
  constexpr std::size_t k_bytes = 1'000'000;
  const auto files = SpillFiles::open({{folder}, 4 << 20}).value_or_throw();
  unsigned written = 0;
  Status status;
  while ((status = files->write(written, some(k_bytes, written))).ok()) ++written;
  const auto fits = [&](unsigned key) {
    std::vector<std::byte> bytes(k_bytes);
    return files->read(key, bytes).ok() && bytes == some(k_bytes, key);
  };
  if (status.code() != ErrorCode::no_space || status.text().find(folder) == std::string::npos) return 3;
  if (status.text().find("1000000 bytes") == std::string::npos || written < 6 || written > 8) return 4;
  if (files->usage().file_bytes != written * k_bytes) return 5;
  for (unsigned i = 0; i < written; ++i) {
    if (!fits(i)) return 6;
  }
  for (unsigned i = 0; i < 4; ++i) files->remove(i);
  if (!files->write(100, some(k_bytes, 100)).ok() || !fits(100) || !fits(written - 1)) return 7;
  std::puts("recovered");
  std::fflush(stdout);
  return 0;
}

TEST_F(StoreSpillFiles, AFullDiskIsToldAndRecoveredFrom) {
  testing::Child child([&] { return fill_a_disk(folder); });
  ASSERT_EQ(child.wait(), 0) << child.output();
  if (child.output().find("not permitted") != std::string::npos) {
    GTEST_SKIP() << "a small file system needs the right to mount";
  }
  EXPECT_THAT(child.output(), HasSubstr("recovered"));
}

/// Random writes and removals against a map, with a quota that is met often.
TEST_F(StoreSpillFiles, AgreeWithAMap) {
  for (unsigned seed = 1; seed <= testing::seed_count(30, 8) && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto files = open(1 + random() % 20'000, 100'000);
    std::map<std::uint64_t, std::vector<std::byte>> expected;
    std::uint64_t live = 0;
    for (unsigned step = 0; step < 300; ++step) {
      if (random() % 3 > 0) {
        std::vector<std::byte> bytes = some(random() % 6000, step);
        const Status status = files->write(step, bytes);
        if (status.ok()) {
          live += bytes.size();
          expected[step] = std::move(bytes);
        } else {
          EXPECT_EQ(status.code(), ErrorCode::no_space);
          EXPECT_GT(live + bytes.size(), 40'000u) << "it had room if it copied together";
        }
      } else if (!expected.empty()) {
        const auto at = std::next(expected.begin(), static_cast<std::ptrdiff_t>(random() % expected.size()));
        EXPECT_EQ(read(*files, at->first, at->second.size()), at->second);
        live -= at->second.size();
        files->remove(at->first);
        expected.erase(at);
      }
      EXPECT_EQ(files->usage().live_bytes, live);
    }
    for (const auto& [key, bytes] : expected) EXPECT_EQ(read(*files, key, bytes.size()), bytes);
    for (const auto& [key, bytes] : expected) files->remove(key);
    EXPECT_EQ(files->usage(), SpillFiles::Usage());
  }
}

}  // namespace
}  // namespace shoal::store
