#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "data/engine/engine.h"
#include "data/exec/testing/int_rows.h"

namespace shoal::sim {

/// One engine under test, and how to wait for its events.
class EngineUnderTest {
 public:
  virtual ~EngineUnderTest() = default;
  /// Not after destroy().
  virtual data::Engine& engine() = 0;
  /// The next event, when it comes; null if none comes: in virtual time when nothing runs, else after a deadline.
  virtual std::optional<data::EngineEvent> wait() = 0;
  virtual void destroy() = 0;
  /// Where pipelines run; in processes functions of a test do not see its variables.
  virtual data::Isolation isolation() const { return data::Isolation::threads; }
};

struct EngineMaker {
  std::string name;
  std::function<std::unique_ptr<EngineUnderTest>()> make;
};
inline std::ostream& operator<<(std::ostream& out, const EngineMaker& maker) { return out << maker.name; }

/// The conformance list of `Engine`: a test file instantiates it for its engine.
class EngineSuite : public ::testing::TestWithParam<EngineMaker> {
 protected:
  using Values = std::vector<std::int64_t>;

  void SetUp() override { under_test_ = GetParam().make(); }
  data::Engine& engine() { return under_test_->engine(); }

  /// What a fragment gave, once it has ended.
  struct Ended {
    Values values;
    std::vector<data::BlockInfo> blocks;
    std::optional<data::FragmentStats> done;
    std::optional<data::Failed> failed;
  };

  /// Takes the next event into the books below.
  void next_event() {
    auto event = under_test_->wait();
    ASSERT_TRUE(event.has_value()) << "an event was expected";
    if (auto* item = std::get_if<data::Item>(&*event)) {
      Ended& fragment = fragments_[item->fragment];
      EXPECT_FALSE(fragment.done || fragment.failed) << "an item after the end";
      fragment.blocks.push_back(item->block);
      const auto rows = engine().get(item->block.id);
      ASSERT_TRUE(rows.ok());
      EXPECT_EQ((*rows)->num_rows(), item->block.rows);
      EXPECT_GT(item->block.bytes, 0);
      for (const std::int64_t value : data::int_values(*rows)) fragment.values.push_back(value);
    }
    if (auto* done = std::get_if<data::Done>(&*event)) {
      EXPECT_FALSE(ended(done->fragment)) << "a second end";
      fragments_[done->fragment].done = done->stats;
    }
    if (auto* failed = std::get_if<data::Failed>(&*event)) {
      EXPECT_FALSE(ended(failed->fragment)) << "a second end";
      fragments_[failed->fragment].failed = *failed;
    }
    if (auto* up = std::get_if<data::ActorUp>(&*event)) up_.push_back(up->actor);
    if (auto* down = std::get_if<data::ActorDown>(&*event)) down_.push_back(down->actor);
  }
  bool ended(data::FragmentId id) { return fragments_[id].done || fragments_[id].failed; }
  const Ended& finish(data::FragmentId id) {
    while (!ended(id) && !HasFatalFailure()) next_event();
    return fragments_[id];
  }
  const Ended& items(data::FragmentId id, std::size_t count) {
    while (fragments_[id].blocks.size() < count && !HasFatalFailure()) next_event();
    return fragments_[id];
  }

  data::FragmentSpec spec(std::shared_ptr<const data::Pipeline> pipeline, std::int64_t ordinal = 0) {
    data::FragmentSpec made;
    made.id = data::FragmentId{++last_id_};
    made.pipeline = std::move(pipeline);
    made.ordinal = ordinal;
    return made;
  }
  data::FragmentId submit(data::FragmentSpec made, std::int64_t credit) {
    const data::FragmentId id = made.id;
    engine().submit(std::move(made));
    if (credit > 0) engine().grant(id, credit);
    return id;
  }
  using PipelinePtr = std::shared_ptr<const data::Pipeline>;
  PipelinePtr placed(std::shared_ptr<const data::Source> source, std::vector<std::shared_ptr<const data::Step>> steps) {
    data::Pipeline made = *data::int_pipeline(std::move(source), std::move(steps));
    made.isolation = under_test_->isolation();
    return std::make_shared<data::Pipeline>(std::move(made));
  }
  PipelinePtr counting(std::int64_t blocks) { return placed(std::make_shared<data::CountingSource>(blocks, 2), {}); }
  /// A lambda without captures travels.
  template <class F>
  PipelinePtr calling(F call) {
    return step_of<data::CallStep::CallCode, data::CallStep::Call>("Call", std::move(call));
  }
  template <class F>
  PipelinePtr with_state(F make) {
    return step_of<data::CallStep::MakeCode, data::CallStep::Make>("Made", std::move(make));
  }
  template <class Code, class Function, class F>
  PipelinePtr step_of(const std::string& label, F f) {
    if constexpr (std::is_convertible_v<F, decltype(Code::code)>) {
      return placed(nullptr, {std::make_shared<data::CallStep>(label, Code{f})});
    } else {
      return placed(nullptr, {std::make_shared<data::CallStep>(label, Function(std::move(f)))});
    }
  }
  bool is_apart() const { return under_test_->isolation() == data::Isolation::processes; }
  data::BlockSlice put(const Values& values) {
    const data::BlockInfo block = engine().put(data::int_rows(values));
    return {block.id, 0, block.rows};
  }
  static constexpr std::int64_t k_plenty = std::int64_t{1} << 40;

  std::unique_ptr<EngineUnderTest> under_test_;
  std::map<data::FragmentId, Ended> fragments_;
  std::vector<data::ActorId> up_;
  std::vector<data::ActorId> down_;
  std::uint64_t last_id_ = 0;
};

TEST_P(EngineSuite, SourceGivesItsBlocksInOrder) {
  const Ended& all = finish(submit(spec(counting(3), 1), k_plenty));
  EXPECT_TRUE(all.done);
  EXPECT_EQ(all.values, (Values{6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(all.blocks.size(), 3U);
}

TEST_P(EngineSuite, SmallestCreditAsksForOneItem) {
  const data::FragmentId id = submit(spec(counting(2)), 1);
  const std::int64_t bytes = items(id, 1).blocks[0].bytes;
  const data::FragmentId other = submit(spec(counting(1)), k_plenty);
  finish(other);
  EXPECT_EQ(fragments_[id].blocks.size(), 1U) << "a parked fragment makes nothing";
  engine().grant(id, bytes - 1);
  finish(submit(spec(counting(1)), k_plenty));
  EXPECT_EQ(fragments_[id].blocks.size(), 1U) << "credit of zero is none";
  engine().grant(id, 1);
  EXPECT_EQ(items(id, 2).values, (Values{0, 1, 2, 3}));
  engine().grant(id, k_plenty);
  EXPECT_TRUE(finish(id).done);
}

TEST_P(EngineSuite, FragmentReadsItsSlicesInOrder) {
  data::FragmentSpec made = spec(
      calling([](const data::Rows& rows, const data::StepContext&) { return Result<data::Rows>(rows); }));
  data::BlockSlice first = put({1, 2, 3, 4});
  first.offset = 1;
  first.rows = 2;
  made.inputs = {first, put({7})};
  const Ended& all = finish(submit(made, k_plenty));
  EXPECT_EQ(all.values, (Values{2, 3, 7}));
}

TEST_P(EngineSuite, NewAttemptSkipsWhatWasDelivered) {
  data::FragmentSpec made = spec(counting(3));
  made.attempt = 1;
  made.skip_items = 2;
  EXPECT_EQ(finish(submit(made, k_plenty)).values, (Values{4, 5}));
}

TEST_P(EngineSuite, ErrorEndsTheFragmentWithItsCause) {
  data::FragmentSpec made = spec(calling([](const data::Rows&, const data::StepContext&) -> Result<data::Rows> {
    return Status(ErrorCode::corrupt_data, "bad");
  }));
  made.inputs = {put({1})};
  const Ended& all = finish(submit(made, k_plenty));
  ASSERT_TRUE(all.failed);
  EXPECT_EQ(all.failed->cause.code(), ErrorCode::corrupt_data);
  EXPECT_FALSE(all.failed->system);
}

TEST_P(EngineSuite, FailedFragmentSaysWhatItDid) {
  data::FragmentSpec made = spec(calling([](const data::Rows&, const data::StepContext& context) -> Result<data::Rows> {
    context.counters->requests = 3;
    throw std::runtime_error("bad");
  }));
  made.inputs = {put({1})};
  const Ended& all = finish(submit(made, k_plenty));
  ASSERT_TRUE(all.failed);
  EXPECT_EQ(all.failed->cause.code(), ErrorCode::user_function);
  EXPECT_EQ(all.failed->stats.counters.requests, 3);
}

TEST_P(EngineSuite, RunningFragmentSeesThatItIsCancelled) {
  if (is_apart()) GTEST_SKIP() << "its function calls the engine, which is in another process";
  bool seen = false;
  data::FragmentSpec made = spec(calling([&](const data::Rows& rows, const data::StepContext& context) {
    engine().cancel(data::FragmentId{last_id_});
    seen = context.is_cancelled();
    return Result<data::Rows>(rows);
  }));
  made.inputs = {put({1}), put({2}), put({3})};
  const Ended& all = finish(submit(made, k_plenty));
  ASSERT_TRUE(all.failed);
  EXPECT_EQ(all.failed->cause.code(), ErrorCode::cancelled);
  EXPECT_TRUE(seen);
  EXPECT_LT(all.blocks.size(), 3U);
}

TEST_P(EngineSuite, KilledActorEndsAfterTheFragmentItRuns) {
  if (is_apart()) GTEST_SKIP() << "its function calls the engine, which is in another process";
  const data::ActorId actor{7};
  const auto killing = with_state([this]() -> Result<data::CallStep::Call> {
    return data::CallStep::Call([this](const data::Rows& rows, const data::StepContext&) {
      engine().kill_actor(actor);
      return Result<data::Rows>(rows);
    });
  });
  engine().create_actor(actor, killing);
  while (up_.empty() && !HasFatalFailure()) next_event();
  data::FragmentSpec made = spec(killing);
  made.actor = actor;
  made.inputs = {put({5})};
  const Ended& all = finish(submit(made, k_plenty));
  EXPECT_TRUE(all.done);
  EXPECT_EQ(all.values, Values{5});
  made.id = data::FragmentId{++last_id_};
  EXPECT_TRUE(finish(submit(made, k_plenty)).failed) << "it is gone by now";
}

TEST_P(EngineSuite, CancelReachesAFragmentThatRuns) {
  if (engine().capabilities().virtual_time) GTEST_SKIP() << "in virtual time nothing happens while a function runs";
  data::FragmentSpec made = spec(calling([](const data::Rows& rows, const data::StepContext& context) {
    while (data::int_values(rows)[0] == 2 && !context.is_cancelled()) std::this_thread::yield();
    return Result<data::Rows>(rows);
  }));
  made.inputs = {put({1}), put({2}), put({3})};
  const data::FragmentId id = submit(made, k_plenty);
  items(id, 1);
  engine().cancel(id);
  const Ended& all = finish(id);
  ASSERT_TRUE(all.failed);
  EXPECT_EQ(all.failed->cause.code(), ErrorCode::cancelled);
}

TEST_P(EngineSuite, ActorKilledFromOutsideEndsWhatItRuns) {
  const auto same = with_state([]() -> Result<data::CallStep::Call> {
    return data::CallStep::Call(
        [](const data::Rows& rows, const data::StepContext&) { return Result<data::Rows>(rows); });
  });
  const data::ActorId actor{7};
  engine().create_actor(actor, same);
  while (up_.empty() && !HasFatalFailure()) next_event();
  data::FragmentSpec made = spec(same);
  made.actor = actor;
  made.inputs = {put({5}), put({6})};
  const data::FragmentId id = submit(made, k_plenty);
  items(id, 1);
  engine().kill_actor(actor);
  EXPECT_EQ(finish(id).values, (Values{5, 6}));
  made.id = data::FragmentId{++last_id_};
  EXPECT_TRUE(finish(submit(made, k_plenty)).failed) << "it is gone by now";
}

TEST_P(EngineSuite, FragmentWithoutItsInputFails) {
  data::FragmentSpec made = spec(
      calling([](const data::Rows& rows, const data::StepContext&) { return Result<data::Rows>(rows); }));
  made.inputs = {put({1})};
  engine().drop(made.inputs[0].id);
  EXPECT_TRUE(finish(submit(made, 0)).failed);
}

TEST_P(EngineSuite, CancelledFragmentEndsOnce) {
  const data::FragmentId never_ran = submit(spec(counting(2)), 0);
  engine().cancel(never_ran);
  ASSERT_TRUE(finish(never_ran).failed);
  EXPECT_EQ(fragments_[never_ran].failed->cause.code(), ErrorCode::cancelled);
  const data::FragmentId parked = submit(spec(counting(2)), 1);
  items(parked, 1);
  engine().cancel(parked);
  EXPECT_TRUE(finish(parked).failed);
  engine().cancel(parked);
  engine().cancel(data::FragmentId{999});
  engine().grant(parked, 1);
  EXPECT_TRUE(finish(submit(spec(counting(1)), k_plenty)).done) << "unknown and ended fragments are ignored";
}

TEST_P(EngineSuite, BlocksOutliveTheirDropWithTheirHolders) {
  const data::BlockInfo block = engine().put(data::int_rows({1, 2}));
  EXPECT_EQ(block.rows, 2);
  EXPECT_FALSE(engine().locate(block.id).empty());
  const auto rows = engine().get(block.id);
  engine().drop(block.id);
  engine().drop(block.id);
  EXPECT_FALSE(engine().get(block.id).ok());
  EXPECT_EQ(data::int_values(*rows), (Values{1, 2}));
}

TEST_P(EngineSuite, ActorKeepsItsStateFromFragmentToFragment) {
  const auto counter = with_state([]() -> Result<data::CallStep::Call> {
    return data::CallStep::Call(
        [calls = std::make_shared<std::int64_t>(0)](const data::Rows&, const data::StepContext&) {
          return Result<data::Rows>(data::int_rows({++*calls}));
        });
  });
  const data::ActorId actor{7};
  engine().create_actor(actor, counter);
  while (up_.empty() && !HasFatalFailure()) next_event();
  ASSERT_EQ(up_, std::vector<data::ActorId>{actor});
  for (std::int64_t call = 1; call <= 3; ++call) {
    data::FragmentSpec made = spec(counter);
    made.actor = actor;
    made.inputs = {put({0})};
    EXPECT_EQ(finish(submit(made, k_plenty)).values, Values{call});
  }
  engine().kill_actor(actor);
}

TEST_P(EngineSuite, ActorThatCannotBeMadeIsDown) {
  const auto broken = with_state(
      []() -> Result<data::CallStep::Call> { return Status(ErrorCode::not_found, "no model"); });
  engine().create_actor(data::ActorId{3}, broken);
  while (down_.empty() && !HasFatalFailure()) next_event();
  EXPECT_TRUE(up_.empty());
}

TEST_P(EngineSuite, FragmentOfAnUnknownActorIsLostNotWrong) {
  data::FragmentSpec made = spec(counting(1));
  made.actor = data::ActorId{12345};
  const Ended& all = finish(submit(made, k_plenty));
  ASSERT_TRUE(all.failed);
  EXPECT_TRUE(all.failed->system);
}

TEST_P(EngineSuite, CanBeDestroyedWithWorkInFlight) {
  const auto state = with_state([]() -> Result<data::CallStep::Call> {
    return data::CallStep::Call(
        [](const data::Rows& rows, const data::StepContext&) { return Result<data::Rows>(rows); });
  });
  engine().create_actor(data::ActorId{1}, state);
  for (int i = 0; i < 20; ++i) submit(spec(counting(100), i), i % 3 == 0 ? 0 : (i % 3 == 1 ? 1 : k_plenty));
  data::FragmentSpec made = spec(state);
  made.actor = data::ActorId{1};
  made.inputs = {put({1})};
  submit(made, k_plenty);
  under_test_->destroy();
}

}  // namespace shoal::sim
