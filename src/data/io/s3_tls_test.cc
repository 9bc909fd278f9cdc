// S3 over TLS against a real MinIO with a certificate of the test's own.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "data/io/s3_store.h"
#include "data/io/testing/certificate.h"
#include "data/io/testing/http_peer.h"
#include "data/io/testing/minio.h"
#include "base/testing/temp_folder.h"

namespace shoal::data {
namespace {

class S3TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    write_test_certificate(folder_->path());
    MinioServer::Options options;
    options.tls_folder = folder_->path();
    server_ = MinioServer::start(options).value_or_throw().release();
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }

  static StorageOptions trusting(const std::string& ca_file) {
    StorageOptions options = server_->storage_options();
    options.ca_file = ca_file;
    options.deadline_s = 10;
    return options;
  }
  static std::string certificate() { return folder_->path() + "/public.crt"; }

  inline static TempFolder* folder_ = nullptr;
  inline static MinioServer* server_ = nullptr;
};

TEST_F(S3TlsTest, PutsAndReadsSmallAndLarge) {
  const auto store = make_s3_store(trusting(certificate())).value_or_throw();
  const std::string bucket = unique_bucket("tls");
  const Status created = store->create_root(bucket);
  ASSERT_TRUE(created.ok()) << created.text();
  const std::vector<std::uint8_t> large(18 * 1024 * 1024, 7);
  ASSERT_TRUE(store->put(bucket, "large", large).ok());
  ASSERT_TRUE(store->put(bucket, "small", std::vector<std::uint8_t>{1, 2, 3}).ok());
  const Result<Bytes> read = store->read(bucket, {.key = "large"});
  ASSERT_TRUE(read.ok()) << read.status().text();
  EXPECT_TRUE(std::equal(large.begin(), large.end(), read.value().span().begin(), read.value().span().end()));
  const auto reader = store->read_many(bucket, std::vector<ReadRequest>(200, {.key = "small", .size_hint = 3}));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(reader->next()->size(), 3u);
}

/// Notes what becomes of one connection.
class OneConnection final : public HttpConnection::Owner {
 public:
  void on_connected(HttpConnection&) override { connected = true; }
  void on_finished(HttpConnection&, std::shared_ptr<HttpExchange> exchange, HttpReply& reply) override {
    exchange->on_reply(reply);
  }
  void on_dead(HttpConnection&, std::shared_ptr<HttpExchange>, const HttpFailure& failure) override {
    dead = failure.text;
  }
  bool connected = false;
  std::string dead;
};

TEST_F(S3TlsTest, SessionTicketsDoNotCloseAnIdleConnection) {
  OneConnection owner;
  TestEpoll epoll;
  const auto tls = TlsContext::make(certificate()).value_or_throw();
  HttpConnection connection(owner, epoll.fd(), tls, "127.0.0.1", parse_address("127.0.0.1", server_->port()).addresses,
                            0);
  connection.connect({});
  while (!owner.connected && epoll.run_once({})) {}
  ASSERT_TRUE(owner.connected) << owner.dead;
  ASSERT_TRUE(epoll.run_once({})) << "no ticket came";
  EXPECT_EQ(connection.state(), HttpConnection::State::idle) << owner.dead;
  const auto exchange = std::make_shared<TestExchange>(HttpOrigin{});
  connection.start(exchange, {});
  while (exchange->status == 0 && owner.dead.empty() && epoll.run_once({})) {}
  EXPECT_GT(exchange->status, 0) << owner.dead;
}

TEST_F(S3TlsTest, TheNameInTheCertificateIsChecked) {
  StorageOptions options = trusting(certificate());
  options.endpoint = "https://localhost:" + std::to_string(server_->port());
  EXPECT_TRUE(make_s3_store(options).value_or_throw()->root_exists(unique_bucket("none")).ok());
  options.endpoint = "https://127.1:" + std::to_string(server_->port());  // the same server by another name
  const Status refused = make_s3_store(options).value_or_throw()->root_exists(unique_bucket("none")).status();
  EXPECT_EQ(refused.code(), ErrorCode::permission_denied) << refused.text();
}

TEST_F(S3TlsTest, AnUnknownIssuerIsRefused) {
  const TempFolder other;
  write_test_certificate(other.path());
  for (const std::string& ca : {other.path() + "/public.crt", std::string()}) {  // a wrong one, the system's
    const Status status = make_s3_store(trusting(ca)).value_or_throw()->root_exists("bucket").status();
    EXPECT_EQ(status.code(), ErrorCode::permission_denied) << status.text();
    EXPECT_NE(status.text().find("certificate"), std::string::npos) << status.text();
  }
}

TEST_F(S3TlsTest, ABadBundleIsAnErrorAtOnce) {
  EXPECT_EQ(make_s3_store(trusting("/nowhere/ca.pem")).status().code(), ErrorCode::not_found);
  EXPECT_EQ(make_s3_store(trusting(folder_->path() + "/private.key")).status().code(), ErrorCode::corrupt_data);
}

}  // namespace
}  // namespace shoal::data
