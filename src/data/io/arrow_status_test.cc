#include "data/io/arrow_status.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

TEST(ArrowStatus, KeepsShoalErrorsThatPassThroughArrow) {
  const Status full(ErrorCode::no_space, "disk full");
  const arrow::Status through = to_arrow(full).WithMessage("while writing");
  EXPECT_EQ(from_arrow(through, ErrorCode::internal).code(), ErrorCode::no_space);
  EXPECT_EQ(from_arrow(through).text(), "disk full");
  EXPECT_TRUE(to_arrow(Status()).ok());
}

TEST(ArrowStatus, GivesTheCodeOfTheCall) {
  EXPECT_TRUE(from_arrow(arrow::Status::OK()).ok());
  EXPECT_EQ(from_arrow(arrow::Status::Invalid("x"), ErrorCode::corrupt_data).code(), ErrorCode::corrupt_data);
  EXPECT_EQ(from_arrow(arrow::Status::OutOfMemory("x"), ErrorCode::corrupt_data).code(), ErrorCode::out_of_memory);
  EXPECT_EQ(from_arrow(arrow::Status::Cancelled("x")).code(), ErrorCode::cancelled);
  EXPECT_EQ(from_arrow(arrow::Result<int>(arrow::Status::Invalid("x"))).status().code(), ErrorCode::internal);
  EXPECT_EQ(*from_arrow(arrow::Result<int>(7)), 7);
}

}  // namespace
}  // namespace shoal::data
