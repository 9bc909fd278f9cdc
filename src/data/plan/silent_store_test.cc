// A run over a store that falls silent: leaving it does not wait for the store.
#include <shoal/data.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/io/s3_store.h"
#include "data/io/testing/fault_proxy.h"
#include "data/io/testing/minio.h"

namespace sd = shoal::data;

namespace shoal::data {
namespace {

using namespace std::chrono_literals;

class SilentStore : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto direct = make_s3_store(shared_minio().storage_options()).value_or_throw();
    ASSERT_TRUE(direct->create_root(bucket_).ok());
    for (int i = 0; i < 8; ++i) {
      ASSERT_TRUE(direct->put(bucket_, "in/" + std::to_string(i), std::vector<std::uint8_t>(1000)).ok());
    }
    proxy_ = FaultProxy::start(shared_minio().port()).value_or_throw();
    storage_ = shared_minio().storage_options();
    storage_.endpoint = proxy_->endpoint();
  }

  const std::string bucket_ = unique_bucket("silent");
  const RunOptions quiet_{.num_cpus = 2, .verbosity = Verbosity::quiet};
  std::unique_ptr<FaultProxy> proxy_;
  StorageOptions storage_;
};

TEST_F(SilentStore, AConsumerThatLeavesDoesNotWaitForIt) {
  proxy_->plan(Fault{.kind = Fault::Kind::stall}.on("GET", "/in/7").always());
  std::optional<BatchRange> batches = sd::read_binary("s3://" + bucket_ + "/in/",
                                                      {.storage = storage_, .parallelism = 8}, quiet_)
                                          .iter_batches({.batch_size = 1});
  auto batch = batches->begin();
  for (int i = 1; i < 7; ++i) ++batch;  // what comes next is waited for
  ASSERT_TRUE(proxy_->wait_until_injected(1, 10s));
  const auto begin = std::chrono::steady_clock::now();
  batches.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

}  // namespace
}  // namespace shoal::data
