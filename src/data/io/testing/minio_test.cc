#include "data/io/testing/minio.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

TEST(MinioServer, StartsOnLoopbackWithKeysOfItsOwnAndStops) {
  auto first = MinioServer::start();
  ASSERT_TRUE(first.ok()) << first.status().text();
  EXPECT_EQ((*first)->endpoint(), "http://127.0.0.1:" + std::to_string((*first)->port()));
  EXPECT_NE((*first)->secret_key(), shared_minio().secret_key());
  EXPECT_NE((*first)->port(), shared_minio().port());
  (*first)->stop();
  (*first)->stop();
}

}  // namespace
}  // namespace shoal::data
