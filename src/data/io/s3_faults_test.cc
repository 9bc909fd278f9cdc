// The S3 client against a real MinIO behind a proxy that breaks single requests.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "data/io/s3_store.h"
#include "data/io/testing/bytes.h"
#include "data/io/testing/fault_proxy.h"
#include "data/io/testing/minio.h"

namespace shoal::data {
namespace {

using namespace std::chrono_literals;

class S3FaultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    direct_ = make_s3_store(shared_minio().storage_options()).value_or_throw();
    bucket_ = unique_bucket("faults");
    ASSERT_TRUE(direct_->create_root(bucket_).ok());
    proxy_ = FaultProxy::start(shared_minio().port()).value_or_throw();
    store_ = store_with({});
  }

  void TearDown() override {
    EXPECT_GE(proxy_->injected(), proxy_->planned()) << "fewer faults came than the test says it survived";
  }

  std::shared_ptr<ObjectStore> store_with(std::optional<Number> deadline_s, int max_connections = 0) {
    StorageOptions options = shared_minio().storage_options();
    options.endpoint = proxy_->endpoint();
    options.deadline_s = deadline_s;
    options.max_connections = max_connections;
    return make_s3_store(options).value_or_throw();
  }

  void put(const std::string& key, const std::string& text) {
    ASSERT_TRUE(direct_->put(bucket_, key, bytes_of(text)).ok());
  }
  ReadRequest request(const std::string& key) { return {.key = key}; }

  std::size_t object_count() {
    std::size_t count = 0;
    auto lister = direct_->list(bucket_, "", {}).value_or_throw();
    for (auto page = lister->next_page().value_or_throw(); !page.empty(); page = lister->next_page().value_or_throw()) {
      count += page.size();
    }
    return count;
  }

  std::unique_ptr<FaultProxy> proxy_;
  std::shared_ptr<ObjectStore> direct_;
  std::shared_ptr<ObjectStore> store_;
  std::string bucket_;
};

struct Passing {
  const char* name;
  Fault fault;
};

class S3PassingFaultTest : public S3FaultsTest, public ::testing::WithParamInterface<Passing> {};

TEST_P(S3PassingFaultTest, IsSurvivedByGetPutAndList) {
  put("a", pattern(50'000));
  proxy_->plan(GetParam().fault.on("GET", "/a").repeated(2));
  const Result<Bytes> read = store_->read(bucket_, request("a"));
  ASSERT_TRUE(read.ok()) << read.status().text();
  EXPECT_TRUE(read.value().view() == pattern(50'000));

  proxy_->plan(GetParam().fault.on("PUT", "/b").repeated(2));
  const Status written = store_->put(bucket_, "b", bytes_of(pattern(70'000)));
  ASSERT_TRUE(written.ok()) << written.text();
  EXPECT_TRUE(direct_->read(bucket_, request("b"))->view() == pattern(70'000));

  proxy_->plan(GetParam().fault.on("GET", "list-type=2").repeated(2));
  const auto page = store_->list(bucket_, "", {}).value_or_throw()->next_page();
  ASSERT_TRUE(page.ok()) << page.status().text();
  EXPECT_EQ(page->size(), 2u);
  EXPECT_EQ(store_->counts().retries, proxy_->injected());
}

INSTANTIATE_TEST_SUITE_P(All, S3PassingFaultTest,
                         ::testing::Values(Passing{"Status429", Fault::status(429, "TooManyRequests")},
                                           Passing{"Status500", Fault::status(500, "InternalError")},
                                           Passing{"Status502", Fault::status(502, "")},
                                           Passing{"Status502WithoutALength",
                                                   Fault{.kind = Fault::Kind::answer,
                                                         .reply = "HTTP/1.0 502 Bad Gateway\r\n\r\n<html>"}},
                                           Passing{"Status503", Fault::status(503, "SlowDown")},
                                           Passing{"Status504", Fault::status(504, "")},
                                           Passing{"ResetBefore", Fault{.kind = Fault::Kind::reset_before}},
                                           Passing{"LostReply", Fault{.kind = Fault::Kind::lost_reply}}),
                         [](const auto& fault) { return fault.param.name; });

TEST_F(S3FaultsTest, CutBodiesAreReadAgainAndNeverShort) {
  put("a", pattern(300'000));
  for (const Fault::Kind kind : {Fault::Kind::cut_body, Fault::Kind::reset_body}) {
    proxy_->plan(Fault{.kind = kind}.on("GET", "/a").repeated(2));
    const Result<Bytes> read = store_->read(bucket_, request("a"));
    ASSERT_TRUE(read.ok()) << read.status().text();
    EXPECT_TRUE(read.value().view() == pattern(300'000));
  }
  proxy_->plan(Fault{.kind = Fault::Kind::cut_body}.on("GET", "list-type"));
  EXPECT_EQ(store_->list(bucket_, "", {}).value_or_throw()->next_page()->size(), 1u);
}

TEST_F(S3FaultsTest, ABodyThatIsAlwaysCutIsAnErrorAfterTheDeadline) {
  put("a", pattern(1000));
  const auto hasty = store_with(0.3);
  proxy_->plan(Fault{.kind = Fault::Kind::cut_body}.on("GET", "/a").always());
  const Status status = hasty->read(bucket_, request("a")).status();
  EXPECT_EQ(status.code(), ErrorCode::unavailable) << status.text();
  EXPECT_GE(proxy_->injected(), 2);
}

TEST_F(S3FaultsTest, RetryAfterIsHonoured) {
  put("a", "1");
  proxy_->plan(Fault::status(503, "SlowDown", 1).on("GET", "/a"));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(store_->read(bucket_, request("a")).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1s);
}

TEST_F(S3FaultsTest, ThrottlingBeyondTheDeadlineIsToldFromWrongKeys) {
  put("a", "1");
  proxy_->plan(Fault::status(503, "SlowDown", 30).on("GET", "/a"));
  const Status slow = store_with(1)->read(bucket_, request("a")).status();
  EXPECT_EQ(slow.code(), ErrorCode::throttled) << slow.text();
  proxy_->plan(Fault::status(403, "AccessDenied").on("GET", "/a"));
  const RequestCounts before = store_->counts();
  const Status denied = store_->read(bucket_, request("a")).status();
  EXPECT_EQ(denied.code(), ErrorCode::permission_denied) << denied.text();
  EXPECT_EQ(store_->counts().retries, before.retries);
  EXPECT_NE(denied.text().find("fault-1"), std::string::npos) << "the request id is missing: " << denied.text();
  EXPECT_NE(denied.text().find("s3://" + bucket_ + "/a"), std::string::npos) << denied.text();
}

TEST_F(S3FaultsTest, AChangedEtagIsNoticedInRanges) {
  put("a", pattern(100));
  const std::string etag = direct_->info(bucket_, "a")->etag;
  proxy_->plan(Fault{.kind = Fault::Kind::other_etag}.on("GET", "/a"));
  EXPECT_EQ(store_->read(bucket_, {.key = "a", .offset = 10, .length = 20, .etag = etag}).status().code(),
            ErrorCode::changed);
  put("large", pattern(20 * 1024 * 1024));
  proxy_->plan(Fault{.kind = Fault::Kind::other_etag}.on("GET", "/large").after(2));
  EXPECT_EQ(store_->read(bucket_, request("large")).status().code(), ErrorCode::changed);
}

TEST_F(S3FaultsTest, RangedReadsCarryTheEtag) {
  put("large", pattern(20 * 1024 * 1024));
  proxy_->record(true);
  ASSERT_TRUE(store_->read(bucket_, request("large")).ok());
  int with_etag = 0;
  for (const std::string& head : proxy_->heads()) with_etag += head.find("if-match: \"") != std::string::npos ? 1 : 0;
  EXPECT_EQ(with_etag, 2) << "the first of three ranges learns it, the others carry it";
}

TEST_F(S3FaultsTest, ManyObjectsSurviveManyFaultsInOrder) {
  std::vector<ReadRequest> requests;
  for (int i = 0; i < 300; ++i) requests.push_back({.key = "k" + std::to_string(i), .size_hint = 100});
  std::vector<std::thread> writers;
  for (int first = 0; first < 16; ++first) {
    writers.emplace_back([&, first] {
      for (int i = first; i < 300; i += 16) put("k" + std::to_string(i), std::to_string(i) + pattern(100 + i));
    });
  }
  for (std::thread& writer : writers) writer.join();
  proxy_->plan(Fault::status(500, "InternalError").on("GET").after(5).repeated(20));
  proxy_->plan(Fault{.kind = Fault::Kind::reset_before}.on("GET").after(30).repeated(20));
  proxy_->plan(Fault{.kind = Fault::Kind::cut_body}.on("GET").after(60).repeated(20));
  const auto reader = store_->read_many(bucket_, requests);
  reader->prepare();
  for (int i = 0; i < 300; ++i) {
    const Result<Bytes> bytes = reader->next();
    ASSERT_TRUE(bytes.ok()) << bytes.status().text();
    ASSERT_TRUE(bytes.value().view() == std::to_string(i) + pattern(100 + i)) << i;
  }
}

TEST_F(S3FaultsTest, AReaderThatIsLeftCancelsWhatIsUnderWay) {
  put("a", "1");
  const auto store = store_with({}, 1);  // so that only a request that is cancelled makes room for another
  ReadRequest sized = request("a");
  sized.size_hint = 1;
  const auto begin = std::chrono::steady_clock::now();
  for (const ReadRequest& stalled : {request("a"), sized}) {
    proxy_->plan(Fault{.kind = Fault::Kind::stall}.on("GET", "/a"));
    {
      const auto reader = store->read_many(bucket_, std::vector<ReadRequest>(10, stalled));
      reader->prepare();
      EXPECT_TRUE(proxy_->wait_until_injected(proxy_->planned(), 10s));
    }
    EXPECT_TRUE(store->read(bucket_, request("a")).ok());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(S3FaultsTest, AStopEndsWhatWaitsForASilentStore) {
  put("a", "1");
  const std::vector<std::pair<const char*, std::function<Status(const std::stop_token&)>>> waits = {
      {"GET", [&](const std::stop_token& stop) { return store_->read(bucket_, request("a"), stop).status(); }},
      {"GET",
       [&](const std::stop_token& stop) {
         return store_->list(bucket_, "", {}, stop).value_or_throw()->next_page().status();
       }},
      {"HEAD", [&](const std::stop_token& stop) { return store_->info(bucket_, "a", stop).status(); }}};
  for (const auto& [method, wait] : waits) {
    proxy_->plan(Fault{.kind = Fault::Kind::stall}.on(method));
    std::stop_source stop;
    Status status;
    std::thread waiting([&] { status = wait(stop.get_token()); });
    EXPECT_TRUE(proxy_->wait_until_injected(proxy_->planned(), 10s));
    const auto begin = std::chrono::steady_clock::now();
    stop.request_stop();
    waiting.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_EQ(status.code(), ErrorCode::cancelled) << status.text();
  }
}

TEST_F(S3FaultsTest, AListingThatIsLeftIsGoneAlsoWithAPageUnderWay) {  // else the leak sanitizer finds it
  put("a", "1");
  proxy_->plan(Fault{.kind = Fault::Kind::stall}.on("GET", "list-type"));
  {
    const auto lister = store_->list(bucket_, "", {}).value_or_throw();
    EXPECT_TRUE(proxy_->wait_until_injected(1, 10s));
  }
  EXPECT_TRUE(store_->read(bucket_, request("a")).ok());
}

TEST_F(S3FaultsTest, TimeInOurOwnQueueDoesNotCountAsTrying) {
  put("a", "1");
  proxy_->set_latency(100ms);
  const auto store = store_with(0.5, 1);
  proxy_->plan(Fault::status(500, "InternalError").on("GET", "/a").after(7));
  const auto reader = store->read_many(bucket_, std::vector<ReadRequest>(8, request("a")));
  for (int i = 0; i < 8; ++i) {
    const Result<Bytes> bytes = reader->next();
    EXPECT_TRUE(bytes.ok()) << i << ": " << bytes.status().text();
  }
}

TEST_F(S3FaultsTest, APartThatIsShortOrMissingIsAnObjectThatChanged) {
  put("large", pattern(20 * 1024 * 1024));
  const std::string head = "ETag: \"" + direct_->info(bucket_, "large")->etag + "\"\r\nContent-Length: ";
  for (const std::string& reply :
       {"HTTP/1.1 416 No Such Range\r\n" + head + "0\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 16777216-16777217/16777218\r\n" + head + "2\r\n\r\nxy"}) {
    proxy_->plan(Fault{.kind = Fault::Kind::answer, .reply = reply}.on("GET", "/large").after(2));
    const Status status = store_->read(bucket_, request("large")).status();
    EXPECT_EQ(status.code(), ErrorCode::changed) << status.text();
  }
}

TEST_F(S3FaultsTest, ASilentServerIsGivenUp) {
  put("a", "1");
  proxy_->plan(Fault{.kind = Fault::Kind::stall}.on("GET", "/a"));
  EXPECT_TRUE(store_with(2)->read(bucket_, request("a")).status().code() == ErrorCode::unavailable);
}

TEST_F(S3FaultsTest, ALostReplyToCompleteIsSuccess) {
  const std::string text = pattern(9 * 1024 * 1024);
  auto upload = store_->start_upload(bucket_, "up").value_or_throw();
  ASSERT_TRUE(upload->write(bytes_of(text)).ok());
  ASSERT_TRUE(upload->finish().ok());
  proxy_->plan(Fault{.kind = Fault::Kind::lost_reply}.on("POST", "uploadId="));
  const Status committed = upload->commit();
  EXPECT_TRUE(committed.ok()) << committed.text();
  EXPECT_TRUE(direct_->read(bucket_, request("up"))->view() == text);
}

TEST_F(S3FaultsTest, AnErrorInsideA200OfCompleteIsTriedAgain) {
  const std::string body = "<Error><Code>InternalError</Code><Message>again</Message></Error>";
  auto upload = store_->start_upload(bucket_, "up").value_or_throw();
  ASSERT_TRUE(upload->finish().ok());
  Fault fault{.kind = Fault::Kind::answer};
  fault.reply = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  proxy_->plan(fault.on("POST", "uploadId=").repeated(2));
  EXPECT_TRUE(upload->commit().ok());
  EXPECT_EQ(direct_->info(bucket_, "up")->size, 0);
}

TEST_F(S3FaultsTest, APartThatFailsForGoodFailsTheUploadAndLeavesNothing) {
  {
    auto upload = store_->start_upload(bucket_, "up").value_or_throw();
    proxy_->plan(Fault::status(403, "AccessDenied").on("PUT", "partNumber=1"));
    Status status = upload->write(bytes_of(pattern(9 * 1024 * 1024)));
    if (status.ok()) status = upload->finish();
    EXPECT_EQ(status.code(), ErrorCode::permission_denied);
  }
  EXPECT_EQ(object_count(), 0u);
  EXPECT_TRUE(direct_->remove_root(bucket_).ok());
}

TEST_F(S3FaultsTest, PartsAreRetried) {
  const std::string text = pattern(20 * 1024 * 1024);
  auto upload = store_->start_upload(bucket_, "up").value_or_throw();
  proxy_->plan(Fault{.kind = Fault::Kind::lost_reply}.on("PUT", "partNumber=1"));
  proxy_->plan(Fault{.kind = Fault::Kind::reset_before}.on("PUT", "partNumber=2"));
  proxy_->plan(Fault::status(503, "SlowDown").on("PUT", "partNumber=3"));
  ASSERT_TRUE(upload->write(bytes_of(text)).ok());
  ASSERT_TRUE(upload->finish().ok());
  ASSERT_TRUE(upload->commit().ok());
  EXPECT_TRUE(direct_->read(bucket_, request("up"))->view() == text);
}

TEST_F(S3FaultsTest, LatencyIsHiddenByRequestsInFlight) {
  put("a", "1");
  proxy_->set_latency(20ms);
  const auto begin = std::chrono::steady_clock::now();
  ReadRequest small = request("a");
  small.size_hint = 1;
  const auto reader = store_->read_many(bucket_, std::vector<ReadRequest>(500, small));
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(reader->next().ok());
  const auto spent = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(spent, 20ms);
  EXPECT_LT(spent, 5s) << "one after the other takes 10 s";
}

TEST_F(S3FaultsTest, ARegionIsFollowedOnceAndTheSignatureIsRenewed) {
  put("a", "1");
  const std::string body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-7</Region></Error>";
  Fault fault{.kind = Fault::Kind::answer};
  fault.reply = "HTTP/1.1 400 Bad\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  proxy_->plan(fault.on("GET", "/a"));
  proxy_->record(true);
  (void)store_->read(bucket_, request("a"));  // MinIO is in another region and sends it back there; once is enough
  const std::vector<std::string> heads = proxy_->heads();
  ASSERT_EQ(heads.size(), 2u);
  EXPECT_NE(heads[0].find("/us-east-1/s3/aws4_request"), std::string::npos);
  EXPECT_NE(heads[1].find("/eu-west-7/s3/aws4_request"), std::string::npos);
}

TEST_F(S3FaultsTest, RedirectsToOtherHostsAreNotFollowed) {
  put("a", "1");
  auto elsewhere = FaultProxy::start(shared_minio().port()).value_or_throw();
  elsewhere->record(true);
  for (const char* status : {"301", "302", "307", "308"}) {
    Fault fault{.kind = Fault::Kind::answer};
    fault.reply = std::string("HTTP/1.1 ") + status + " Moved\r\nLocation: " + elsewhere->endpoint() + "/" + bucket_ +
                  "/a\r\nContent-Length: 0\r\n\r\n";
    proxy_->plan(fault.on("GET", "/a"));
    EXPECT_EQ(store_->read(bucket_, request("a")).status().code(), ErrorCode::invalid_argument) << status;
  }
  EXPECT_TRUE(elsewhere->heads().empty()) << "no request, so no credentials, reached the other host";
}

TEST_F(S3FaultsTest, UploadsAreAbortedAtOnceAndAStoreThatIsSilentIsNamedNotWaitedFor) {
  std::vector<std::unique_ptr<Upload>> uploads;
  for (int i = 0; i < 4; ++i) {
    uploads.push_back(store_->start_upload(bucket_, "up" + std::to_string(i)).value_or_throw());
    ASSERT_TRUE(uploads.back()->finish().ok());
  }
  proxy_->plan(Fault{.kind = Fault::Kind::stall}.on("DELETE", "up").repeated(4));
  ::testing::internal::CaptureStderr();
  const auto began = std::chrono::steady_clock::now();
  for (const auto& upload : uploads) upload->start_abort();
  for (const auto& upload : uploads) upload->abort();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s) << "1.5 s for all of them, not for each";
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find(bucket_ + "/up3"), std::string::npos) << log;
  EXPECT_NE(log.find("--upload-id"), std::string::npos) << log;
}

TEST_F(S3FaultsTest, AnUploadIsAbortedWhileItWrites) {
  proxy_->plan(Fault{.kind = Fault::Kind::stall}.on("PUT", "partNumber").repeated(4));
  const auto upload = store_->start_upload(bucket_, "up").value_or_throw();
  Status written;
  std::jthread writer([&] { written = upload->write(bytes_of(pattern(5 * 8 * 1024 * 1024))); });
  ASSERT_TRUE(proxy_->wait_until_injected(4, 10s)) << "the writer now waits for a place";
  upload->abort();
  writer.join();
  EXPECT_EQ(written.code(), ErrorCode::cancelled) << written.text();
  EXPECT_TRUE(direct_->remove_root(bucket_).ok()) << "MinIO refuses while anything is in it";
}

TEST_F(S3FaultsTest, EndpointThatIsDownIsNamed) {
  StorageOptions options = shared_minio().storage_options();
  int port = 0;
  {
    const auto gone = FaultProxy::start(1).value_or_throw();
    port = gone->port();
  }
  options.endpoint = "http://127.0.0.1:" + std::to_string(port);
  options.deadline_s = 0.5;
  const Status status = make_s3_store(options).value_or_throw()->put(bucket_, "a", {});
  EXPECT_EQ(status.code(), ErrorCode::unavailable);
  EXPECT_NE(status.text().find(options.endpoint), std::string::npos) << status.text();
}

TEST_F(S3FaultsTest, NoErrorShowsASecret) {
  StorageOptions options = shared_minio().storage_options();
  options.endpoint = proxy_->endpoint();
  options.secret_key = "a-secret-that-is-never-shown";
  options.session_token = "a-token-that-is-never-shown";
  const auto store = make_s3_store(options).value_or_throw();
  Fault echo{.kind = Fault::Kind::answer};
  const std::string body =
      "<Error><Code>AccessDenied</Code><Message>token a-token-that-is-never-shown</Message></Error>";
  echo.reply = "HTTP/1.1 403 No\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  proxy_->plan(echo.on("GET", "/a"));
  const Status echoed = store->read(bucket_, request("a")).status();
  const Status refused = store->put(bucket_, "b", {});
  for (const Status& status : {echoed, refused}) {
    EXPECT_EQ(status.code(), ErrorCode::permission_denied);
    EXPECT_EQ(status.text().find("never-shown"), std::string::npos) << status.text();
  }
}

}  // namespace
}  // namespace shoal::data
