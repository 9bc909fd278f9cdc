#include "api/exception_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/api/remote_error.h>
#include <shoal/base/error.h>

#include <stdexcept>
#include <string>

namespace shoal {
namespace {

std::exception_ptr there_and_back(const std::exception_ptr& thrown) {
  return exception_of_payload(exception_to_payload(thrown));
}

TEST(ExceptionPayload, StandardExceptionsKeepTheirClassTextAndType) {
  class Late final : public std::out_of_range {
   public:
    using std::out_of_range::out_of_range;
  };
  try {
    std::rethrow_exception(there_and_back(std::make_exception_ptr(Late("row 70"))));
  } catch (const std::out_of_range& error) {
    EXPECT_STREQ(error.what(), "row 70");
    EXPECT_THAT(dynamic_cast<const RemoteError&>(error).type(), ::testing::HasSubstr("Late"));
    return;
  }
  FAIL() << "no exception";
}

TEST(ExceptionPayload, ErrorsOfShoalKeepTheirClassAndCode) {
  try {
    std::rethrow_exception(there_and_back(std::make_exception_ptr(NotFound(ErrorCode::not_found, "no such key"))));
  } catch (const NotFound& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_STREQ(error.what(), "no such key");
    return;
  }
  FAIL() << "no exception";
}

TEST(ExceptionPayload, WhatIsNoExceptionIsNamedByItsType) {
  try {
    std::rethrow_exception(there_and_back(std::make_exception_ptr(7)));
  } catch (const RemoteError& error) {
    EXPECT_EQ(error.type(), "int");
    return;
  }
  FAIL() << "no exception";
}

}  // namespace
}  // namespace shoal
