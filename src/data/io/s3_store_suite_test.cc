#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "data/io/s3_store.h"
#include "data/io/testing/minio.h"
#include "data/io/testing/object_store_suite.h"

namespace shoal::data {
namespace {

class S3Fixture {
 public:
  [[maybe_unused]] static constexpr bool k_has_folders = false;
  [[maybe_unused]] static constexpr bool k_etag_is_content = true;

  ObjectStore& store() { return *store_; }
  std::string root() { return root_; }

 private:
  const std::shared_ptr<ObjectStore> store_ = make_s3_store(shared_minio().storage_options()).value_or_throw();
  const std::string root_ = unique_bucket("suite");
};

INSTANTIATE_TYPED_TEST_SUITE_P(S3, ObjectStoreSuite, S3Fixture);

}  // namespace
}  // namespace shoal::data
