#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <atomic>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "api/testing/sessions.h"

namespace shoal {
namespace {

using testing::shared;

class RemoteErrors : public testing::SessionTest {};
SHOAL_TEST_IN_SESSIONS(RemoteErrors);

int out_of_range(int i) { return std::vector<int>(3).at(static_cast<std::size_t>(i)); }

TEST_P(RemoteErrors, DeriveFromTheStandardException) {
  const Ref<int> ref = submit(out_of_range, 5);
  EXPECT_THROW(get(ref), std::out_of_range);
  EXPECT_THROW(get(ref), std::logic_error);
  EXPECT_THROW(get(ref), RemoteError);
  try {
    get(ref);
  } catch (const RemoteError& error) {
    EXPECT_EQ(error.task(), "out_of_range");
    EXPECT_EQ(error.type(), "std::out_of_range");
    EXPECT_EQ(error.code(), ErrorCode::user_function);
    EXPECT_NE(error.message().find("3"), std::string::npos);
    EXPECT_NE(error.text().find("out_of_range"), std::string::npos);
  }
}

struct Unknown {};
struct Derived : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST_P(RemoteErrors, HaveTheNearestClassThereIs) {
  EXPECT_THROW(get(submit([] { throw Derived("a"); })), std::runtime_error);
  EXPECT_THROW(get(submit([] { throw Unknown(); })), TaskFailed);
  EXPECT_THROW(get(submit([] { throw 42; })), TaskFailed);
  EXPECT_THROW(get(submit([] { throw std::bad_alloc(); })), std::bad_alloc);
  EXPECT_THROW(get(submit([] { throw std::exception(); })), std::exception);
  try {
    get(submit([] { throw std::system_error(std::make_error_code(std::errc::no_space_on_device), "disk"); }));
    FAIL();
  } catch (const std::system_error& error) { EXPECT_EQ(error.code(), std::errc::no_space_on_device); }
}

TEST_P(RemoteErrors, OfShoalsOwnKeepTheirClass) {
  const Ref<int> ref = submit({.name = "impatient"}, []() -> int { throw Timeout(ErrorCode::timeout, "too slow"); });
  try {
    get(ref);
    FAIL();
  } catch (const Timeout& error) {
    EXPECT_EQ(error.code(), ErrorCode::timeout);
    EXPECT_EQ(dynamic_cast<const RemoteError&>(error).message(), "too slow");
  }
}

class Known : public std::runtime_error {
 public:
  explicit Known(const std::string& text) : std::runtime_error(text) {}
};
struct Reason {
  int code = 0;
  std::string text{};
};

// In every process of the program: a worker does not get as far as the tests.
const bool are_registered = (register_exception<Known>(), register_exception<Reason>(), true);

TEST_P(RemoteErrors, OfRegisteredTypesAreWhatTheyWere) {
  ASSERT_TRUE(are_registered);
  try {
    get(submit([] { throw Known("exactly this"); }));
    FAIL();
  } catch (const Known& error) { EXPECT_STREQ(error.what(), "exactly this"); }
  try {
    get(submit([] { throw Reason{7, "seven"}; }));
    FAIL();
  } catch (const Reason& error) {
    EXPECT_EQ(error.code, 7);
    EXPECT_EQ(error.text, "seven");
  }
}

TEST_P(RemoteErrors, OfArgumentsAreTheCauses) {
  const auto failed = submit({.name = "first"}, []() -> int { throw std::domain_error("root"); });
  try {
    get(submit({.name = "second"}, [](int x) { return x; }, failed));
    FAIL();
  } catch (const std::domain_error& error) {
    const auto& remote = dynamic_cast<const RemoteError&>(error);
    ASSERT_EQ(remote.causes().size(), 1);
    EXPECT_NE(remote.text().find("second"), std::string::npos) << remote.text();
    EXPECT_NE(remote.text().find("root"), std::string::npos) << remote.text();
  }
}

int flaky(int failures) {
  if (shared().count++ < failures) throw Derived("not yet");
  return shared().count;
}

TEST_P(RemoteErrors, AreRetriedWhereThatWasAskedFor) {
  shared().count = 0;
  EXPECT_EQ(get(submit({.max_retries = 5, .retry_on = retry_on<std::runtime_error>()}, flaky, 2)), 3);
  shared().count = 0;
  EXPECT_THROW(get(submit({.retry_on = retry_on<std::logic_error>()}, flaky, 1)), std::runtime_error);
  shared().count = 0;
  EXPECT_EQ(get(submit({.retry_on = retry_on_all()}, flaky, 1)), 2);
  shared().count = 0;
  EXPECT_THROW(get(submit({.max_retries = 1, .retry_on = retry_on_all()}, flaky, 5)), Derived::runtime_error);
  EXPECT_EQ(shared().count, 2);
}

TEST(Sessions, ThereIsOneAtATime) {
  EXPECT_THROW(submit([] { return 1; }), InvalidArgument);
  {
    const Session session({.num_cpus = 1});
    EXPECT_NE(session.engine().find("embedded"), std::string::npos);
    EXPECT_THROW(Session({.num_cpus = 1}), InvalidArgument);
    EXPECT_EQ(get(submit([] { return 1; })), 1);
  }
  EXPECT_THROW(Session({.address = "no/such/folder"}), NotFound);
  const Session again({.num_cpus = 1});
  EXPECT_EQ(get(submit([] { return 2; })), 2);
}

Ref<int> global;

// Reading one works by luck where all are threads of one process; passing it on would leave nobody to hold it.
TEST_P(RemoteErrors, TellOfReferencesThatCameByAGlobal) {
  global = put(1);
  try {
    get(submit([] { return get(submit([](int x) { return x; }, global)); }));
    FAIL() << "nothing was thrown";
  } catch (const RemoteError& error) {
    const bool is_own = GetParam() >= testing::Engine::processes;  // each process has a global of its own
    EXPECT_NE(error.text().find(is_own ? "refers to nothing" : "not by way of globals"), std::string::npos)
        << error.text();
  }
  global = {};
}

struct SubmitsAtItsEnd {
  explicit SubmitsAtItsEnd(bool& is_refused) : refused(is_refused) {}
  ~SubmitsAtItsEnd() {
    try {
      submit([] { return 1; });
    } catch (const InvalidArgument&) { refused = true; }
  }
  bool& refused;
};

TEST(Sessions, WhatOutlivesThemIsToldSo) {
  bool is_refused = false;
  {
    const SubmitsAtItsEnd outlives(is_refused);
    const Session session({.num_cpus = 1});
  }
  EXPECT_TRUE(is_refused);
}

TEST(Sessions, ReferencesMayOutliveThem) {
  Ref<std::string> ready, pending;
  {
    const Session session({.num_cpus = 1});
    ready = put(std::string("kept"));
    pending = submit({.num_cpus = 1}, []() -> std::string {
      while (!is_cancelled()) std::this_thread::yield();
      return "late";
    });
  }
  EXPECT_EQ(get(ready), "kept");
  EXPECT_THROW(get(pending), Cancelled);
}

}  // namespace
}  // namespace shoal
