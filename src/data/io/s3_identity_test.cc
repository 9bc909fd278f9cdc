#include "data/io/s3_identity.h"

#include <gtest/gtest.h>

#include <string>

#include "data/io/s3_client.h"
#include "data/io/testing/fault_proxy.h"
#include "data/io/testing/minio.h"

namespace shoal::data {
namespace {

/// A client whose credentials stand in a shared file that changes, in front of a real server.
class S3IdentityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    proxy_ = FaultProxy::start(shared_minio().port()).value_or_throw();
    write_keys(shared_minio().access_key(), shared_minio().secret_key());
  }

  void write_keys(const std::string& access, const std::string& secret) {
    file_ = "[default]\naws_access_key_id = " + access + "\naws_secret_access_key = " + secret + "\n";
  }

  std::shared_ptr<S3Client> client(const StorageOptions& given = {}) {
    StorageOptions options = given;
    options.endpoint = proxy_->endpoint();
    const AwsEnvironment environment{
        .variable = [](const std::string&) { return std::optional<std::string>(); },
        .file = [this](const std::string&) -> Result<std::string> { return file_; },
    };
    return S3Client::make(resolve_aws_config(options, environment).value_or_throw()).value_or_throw();
  }
  static Status head(S3Client& client) {
    return client.run({.verb = S3Verb::head, .method = "HEAD", .bucket = "none-of-this-name"}).error;
  }
  static Status list(S3Client& client) {
    return client.run({.verb = S3Verb::list, .bucket = "none-of-this-name", .query = "list-type=2"}).error;
  }

  std::unique_ptr<FaultProxy> proxy_;
  std::string file_;  // on the loop's thread, and on the test's while no request is under way
};

TEST_F(S3IdentityTest, CredentialsThatTheStoreNoLongerKnowsAreReadAgain) {
  write_keys("nobody", "nothing");
  const auto client = this->client();
  EXPECT_EQ(list(*client).code(), ErrorCode::permission_denied);
  EXPECT_EQ(head(*client).code(), ErrorCode::permission_denied);
  write_keys(shared_minio().access_key(), shared_minio().secret_key());
  EXPECT_EQ(head(*client).code(), ErrorCode::not_found) << "the server knows us, and not the bucket";
  EXPECT_EQ(list(*client).code(), ErrorCode::not_found);
}

TEST_F(S3IdentityTest, AnExpiredTokenIsAnErrorWhereThereIsNoNewerOne) {
  const auto client = this->client();
  proxy_->record(true);
  proxy_->plan(Fault::status(400, "ExpiredToken").always());
  const Status status = list(*client);
  EXPECT_EQ(status.code(), ErrorCode::permission_denied) << status.text();
  EXPECT_EQ(proxy_->heads().size(), 1u) << "the same credentials are not sent again";
  write_keys("another", "pair");
  EXPECT_EQ(list(*client).code(), ErrorCode::permission_denied);
  EXPECT_EQ(proxy_->heads().size(), 3u) << "and new ones once";
}

TEST_F(S3IdentityTest, CredentialsOfTheOptionsStay) {
  StorageOptions options = shared_minio().storage_options();
  options.secret_key = "not-the-secret-of-this-key";
  const auto client = this->client(options);
  EXPECT_EQ(list(*client).code(), ErrorCode::permission_denied);
}

}  // namespace
}  // namespace shoal::data
