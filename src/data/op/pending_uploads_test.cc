#include "data/op/pending_uploads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>

namespace shoal::data {
namespace {

/// What a store shows of the files of one write.
struct Shelf {
  std::mutex mutex;
  std::set<std::string> visible;

  void show(const std::string& name) {
    const std::lock_guard lock(mutex);
    visible.insert(name);
  }
  void remove(const std::string& name) {
    const std::lock_guard lock(mutex);
    visible.erase(name);
  }
};

class ShelfUpload final : public Upload {
 public:
  explicit ShelfUpload(std::function<Status()> on_commit) : on_commit_(std::move(on_commit)) {}
  Status write(std::span<const std::uint8_t>) override { return {}; }
  Status finish() override { return {}; }
  Status commit() override { return on_commit_(); }
  void abort() override {}

 private:
  const std::function<Status()> on_commit_;
};

class PendingUploadsCommit : public ::testing::Test {
 protected:
  /// A finished file; `on_commit` runs before it is visible, and its error comes after.
  void add(const std::string& name, std::function<Status()> on_commit = {}) {
    const auto commit = [this, name, on_commit = std::move(on_commit)] {
      const Status status = on_commit ? on_commit() : Status();
      shelf_.show(name);
      return status;
    };
    ASSERT_TRUE(
        uploads_.add(static_cast<std::int64_t>(names_.size()), name, std::make_shared<ShelfUpload>(commit)).ok());
    names_.push_back(name);
  }
  Status commit() {
    return uploads_.commit(names_, [this](const std::string& name) { shelf_.remove(name); });
  }

  Shelf shelf_;
  PendingUploads uploads_;
  std::vector<std::string> names_;
};

TEST_F(PendingUploadsCommit, MakesAllVisible) {
  for (const char* name : {"a", "b", "c"}) add(name);
  EXPECT_TRUE(commit().ok());
  EXPECT_EQ(shelf_.visible.size(), 3U);
}

TEST_F(PendingUploadsCommit, StopDuringTheCommitTakesBackWhatIsVisible) {
  for (int i = 0; i < 40; ++i) {
    add("file" + std::to_string(i), [this, i] {
      if (i == 20) uploads_.stop();
      return Status();
    });
  }
  EXPECT_EQ(commit().code(), ErrorCode::cancelled);
  EXPECT_TRUE(shelf_.visible.empty());
}

TEST_F(PendingUploadsCommit, StopBeforeTheCommitMakesNothingVisible) {
  bool shown = false;
  add("a", [&] {
    shown = true;
    return Status();
  });
  uploads_.stop();
  EXPECT_EQ(commit().code(), ErrorCode::cancelled);
  EXPECT_FALSE(shown);
}

TEST_F(PendingUploadsCommit, ACommitThatFailedMayHaveMadeItsFileVisible) {
  add("a");
  add("b", [] { return Status(ErrorCode::unavailable, "the reply was lost"); });
  EXPECT_EQ(commit().code(), ErrorCode::unavailable);
  EXPECT_TRUE(shelf_.visible.empty());
}

TEST_F(PendingUploadsCommit, KnowsWhatMayBeVisibleOnlyWhileItCommits) {
  std::vector<std::string> during;
  add("a", [&] {
    during = uploads_.maybe_visible();
    return Status();
  });
  EXPECT_TRUE(uploads_.maybe_visible().empty());
  EXPECT_TRUE(commit().ok());
  EXPECT_EQ(during, std::vector<std::string>{"a"});
  EXPECT_TRUE(uploads_.maybe_visible().empty()) << "a committed write stays";
}

/// Commits, or refuses to; counts what is alive.
class FakeUpload final : public Upload {
 public:
  FakeUpload(Status commits, int& aborted) : commits_(std::move(commits)), aborted_(aborted) {}
  Status write(std::span<const std::uint8_t>) override { return Status(); }
  Status finish() override { return Status(); }
  Status commit() override {
    committed_ = commits_.ok();
    return commits_;
  }
  void abort() override { aborted_ += committed_ ? 0 : 1; }

 private:
  const Status commits_;
  int& aborted_;
  bool committed_ = false;
};

TEST(PendingUploads, TakesBackWhatWasVisibleWhenOneFails) {
  PendingUploads uploads;
  int aborted = 0;
  ASSERT_TRUE(uploads.begin(0).ok());
  ASSERT_TRUE(uploads.add(0, "a", std::make_unique<FakeUpload>(Status(), aborted)).ok());
  ASSERT_TRUE(uploads.add(1, "b", std::make_unique<FakeUpload>(Status(ErrorCode::unavailable, "down"), aborted)).ok());
  std::vector<std::string> taken_back;
  const auto take_back = [&](const std::string& name) { taken_back.push_back(name); };
  EXPECT_EQ(uploads.commit({"a", "b"}, take_back).code(), ErrorCode::unavailable);
  std::sort(taken_back.begin(), taken_back.end());
  EXPECT_EQ(taken_back.back(), "b") << "its reply may have been lost on the way";
  EXPECT_EQ(aborted, taken_back.size() == 1 ? 2 : 1);
}

/// Notes the order of calls.
class NotedUpload final : public Upload {
 public:
  explicit NotedUpload(std::string& calls) : calls_(calls) {}
  Status write(std::span<const std::uint8_t>) override { return Status(); }
  Status finish() override { return Status(); }
  Status commit() override { return Status(); }
  void start_abort() override { calls_ += 's'; }
  void abort() override { calls_ += 'a'; }

 private:
  std::string& calls_;
};

TEST(PendingUploads, AbortsAllAtOnceAlsoWhatFragmentsStillWrite) {
  PendingUploads uploads;
  std::string calls;
  ASSERT_TRUE(uploads.add(0, "a", std::make_unique<NotedUpload>(calls)).ok());
  const auto open = std::make_shared<NotedUpload>(calls);
  ASSERT_TRUE(uploads.track(open).ok());
  ASSERT_TRUE(uploads.track(std::make_shared<NotedUpload>(calls)).ok());  // and given up by its fragment
  const auto finished = std::make_shared<NotedUpload>(calls);
  ASSERT_TRUE(uploads.track(finished).ok());
  ASSERT_TRUE(uploads.add(1, "b", finished).ok());
  uploads.abort();
  EXPECT_EQ(calls, "sssaaa");
  EXPECT_EQ(uploads.track(open).code(), ErrorCode::cancelled);
  EXPECT_EQ(calls, "sssaaaa");
}

TEST(PendingUploads, RefusesFilesThatNobodyMadeAndLateOnes) {
  PendingUploads uploads;
  int aborted = 0;
  EXPECT_EQ(uploads.commit({"a"}, [](const std::string&) {}).code(), ErrorCode::internal);
  EXPECT_EQ(uploads.add(0, "a", std::make_unique<FakeUpload>(Status(), aborted)).code(), ErrorCode::cancelled);
  EXPECT_EQ(uploads.begin(0).code(), ErrorCode::cancelled);
  EXPECT_EQ(aborted, 1);
}

}  // namespace
}  // namespace shoal::data
