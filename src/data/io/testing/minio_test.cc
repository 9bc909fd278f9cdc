#include "data/io/testing/minio.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace shoal::data::testing {
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

TEST(TemporaryFolder, IsGoneAfterwards) {
  std::string path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    EXPECT_EQ(::access(path.c_str(), W_OK), 0);
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace shoal::data::testing
