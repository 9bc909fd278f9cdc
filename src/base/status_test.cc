#include "base/status.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace shoal {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Status(ErrorCode::invalid_argument, std::to_string(n) + " is odd; pass an even number");
  return n / 2;
}

Result<int> quarter(int n) {
  SHOAL_ASSIGN_OR_RETURN(const int h, half(n));
  return half(h);
}

TEST(Status, SuccessHasNoText) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().code(), ErrorCode::ok);
  EXPECT_TRUE(Status().text().empty());
  EXPECT_NO_THROW(Status().throw_if_error());
}

TEST(Status, ContextStandsBeforeTheText) {
  const Status status = Status(ErrorCode::not_found, "no such key").with_context("reading a.jpg");
  EXPECT_EQ(status.code(), ErrorCode::not_found);
  EXPECT_EQ(status.text(), "reading a.jpg: no such key");
  EXPECT_TRUE(Status().with_context("anything").ok());
}

TEST(Status, EachCodeThrowsItsClass) {
  EXPECT_THROW(Status(ErrorCode::not_found, "x").throw_if_error(), NotFound);
  EXPECT_THROW(Status(ErrorCode::throttled, "x").throw_if_error(), Unavailable);
  EXPECT_THROW(Status(ErrorCode::no_space, "x").throw_if_error(), StoreFull);
  EXPECT_THROW(Status(ErrorCode::user_function, "x").throw_if_error(), TaskFailed);
  try {
    Status(ErrorCode::changed, "x").throw_if_error();
    FAIL();
  } catch (const Error& error) { EXPECT_EQ(error.code(), ErrorCode::changed); }
}

TEST(Status, KeepsTheUsersExceptionAsCause) {
  Status status;
  try {
    throw std::out_of_range("row 7");
  } catch (...) { status = Status::from_current_exception(); }
  EXPECT_EQ(status.code(), ErrorCode::user_function);
  try {
    status.throw_if_error();
    FAIL();
  } catch (const TaskFailed& error) { EXPECT_THROW(std::rethrow_exception(error.cause()), std::out_of_range); }
}

TEST(Result, PropagatesValueOrError) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).status().code(), ErrorCode::invalid_argument);
  EXPECT_THROW(quarter(7).value_or_throw(), InvalidArgument);
}

}  // namespace
}  // namespace shoal
