// Bytes that come from a server: HTTP replies and S3's XML. Hostile ones are in the corpora of the fuzz targets.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/testing/source_root.h"
#include "data/io/testing/fuzz_inputs.h"

namespace shoal::data {
namespace {

/// Runs every file of the corpus through the function; the function aborts where it finds a fault.
void replay(const std::string& name, void (*run)(std::string_view)) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_root() + "/tests/corpus/" + name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    run(bytes);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 64) run(bytes.substr(0, size));
    ++files;
  }
  EXPECT_GE(files, 5);
}

TEST(FuzzCorpus, HttpReplies) { replay("http_reply_fuzz", fuzz_http_reply); }
TEST(FuzzCorpus, S3Xml) { replay("s3_xml_fuzz", fuzz_s3_xml); }
TEST(FuzzCorpus, AwsConfig) { replay("aws_config_fuzz", fuzz_aws_config); }

class TextPlace final : public HttpBodyPlace {
 public:
  std::uint8_t* place_body(const HttpReply&, std::int64_t) override { return nullptr; }
};

/// What the reader makes of the bytes, after which the connection ends.
Status read_reply(const std::string& bytes, HttpReply& reply, bool& done, bool to_head = false) {
  TextPlace place;
  HttpReplyReader reader;
  reader.start(reply, place, to_head);
  const Result<std::size_t> used = reader.feed(bytes);
  done = used.ok() && reader.end();
  return used.status();
}

TEST(HttpReplyReader, TakesHeadersAndBody) {
  HttpReply reply;
  bool done = false;
  ASSERT_TRUE(read_reply("HTTP/1.1 200 OK\r\netag: W/\"x\"\r\nX-AMZ-Request-Id: 7\r\nRetry-After: 3\r\n"
                         "x-amz-bucket-region: eu-west-1\r\nContent-Length: 2\r\n\r\nhi",
                         reply, done)
                  .ok());
  EXPECT_TRUE(done);
  EXPECT_TRUE(reply.keep_alive);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.etag, "x");
  EXPECT_EQ(reply.request_id, "7");
  EXPECT_EQ(reply.retry_after, "3");
  EXPECT_EQ(reply.bucket_region, "eu-west-1");
  EXPECT_EQ(reply.text, "hi");
}

TEST(HttpReplyReader, RefusesWhatIsNoReplyOrOverALimit) {
  HttpReply reply;
  bool done = false;
  EXPECT_FALSE(read_reply("SSH-2.0-x\r\n\r\n", reply, done).ok());
  EXPECT_FALSE(read_reply("HTTP/1.1 200 OK\r\n\r\nbody without a length", reply, done).ok());
  EXPECT_FALSE(read_reply("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", reply, done).ok());
  EXPECT_FALSE(read_reply("HTTP/1.1 200 OK\r\nx: " + std::string(40'000, 'x') + "\r\n\r\n", reply, done).ok());
  EXPECT_FALSE(read_reply("HTTP/1.1 200 OK\r\nx: " + std::string(40'000, 'x'), reply, done).ok());
}

TEST(HttpReplyReader, AnErrorWithoutALengthEndsWithTheConnection) {
  HttpReply reply;
  bool done = false;
  ASSERT_TRUE(read_reply("HTTP/1.0 502 Bad Gateway\r\n\r\n<html>no luck</html>", reply, done).ok());
  EXPECT_TRUE(done);
  EXPECT_FALSE(reply.keep_alive);
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(reply.text, "<html>no luck</html>");
  EXPECT_FALSE(read_reply("HTTP/1.0 502 Bad Gateway\r\n\r\n" + std::string(17 << 20, 'x'), reply, done).ok());
}

TEST(HttpReplyReader, HeadRepliesHaveNoBody) {
  HttpReply reply;
  bool done = false;
  ASSERT_TRUE(read_reply("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", reply, done, true).ok());
  EXPECT_TRUE(done);
  EXPECT_EQ(reply.content_length, 500);
}

TEST(HttpReplyReader, AClosingServerIsNoticed) {
  HttpReply reply;
  bool done = false;
  ASSERT_TRUE(read_reply("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", reply, done).ok());
  EXPECT_TRUE(done);
  EXPECT_FALSE(reply.keep_alive);
}

TEST(HttpChunkDecoder, TakesChunksInAnyPieces) {
  const std::string bytes = "5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\nNEXT";
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    HttpChunkDecoder decoder;
    std::string text;
    std::size_t at = 0;
    while (at < bytes.size() && !decoder.done()) at += *decoder.feed(bytes.substr(at, piece), text, 100);
    EXPECT_EQ(text, "hello world");
    EXPECT_EQ(bytes.substr(at), "NEXT");
  }
}

TEST(HttpChunkDecoder, RefusesWhatIsNone) {
  for (const char* bad : {"x\r\n", "\r\n", "5\nhello", "2\r\nhello\r\n", "ffffffffffffffff\r\n", "65\r\n", "-1\r\n"}) {
    HttpChunkDecoder decoder;
    std::string text;
    EXPECT_EQ(decoder.feed(bad, text, 100).status().code(), ErrorCode::corrupt_data) << bad;
  }
}

TEST(S3Xml, PagesAreMergedIntoOrder) {
  const auto page = parse_list_page(
      "<ListBucketResult><Contents><Key>p/a</Key><Size>3</Size><ETag>\"e\"</ETag>"
      "<LastModified>1970-01-01T00:00:01.5Z</LastModified></Contents><Contents><Key>p/z</Key><Size>1</Size></Contents>"
      "<CommonPrefixes><Prefix>p/m/</Prefix></CommonPrefixes></ListBucketResult>",
      "p/");
  ASSERT_TRUE(page.ok()) << page.status().text();
  ASSERT_EQ(page->entries.size(), 3u);
  EXPECT_EQ(page->entries[0].etag, "e");
  EXPECT_EQ(page->entries[0].modified_us, 1'500'000);
  EXPECT_TRUE(page->entries[1].is_prefix);
  EXPECT_EQ(page->entries[2].key, "p/z");
}

TEST(S3Xml, HostilePagesAreRefused) {
  const auto code = [](const std::string& inner) {
    return parse_list_page("<ListBucketResult>" + inner + "</ListBucketResult>", "p/").status().code();
  };
  EXPECT_EQ(code("<Contents><Key>other</Key><Size>1</Size></Contents>"), ErrorCode::corrupt_data);
  EXPECT_EQ(code("<Contents><Key>p/a</Key><Size>-5</Size></Contents>"), ErrorCode::corrupt_data);
  EXPECT_EQ(code("<Contents><Key>p/a</Key><Size>99999999999999999999</Size></Contents>"), ErrorCode::corrupt_data);
  EXPECT_EQ(code("<IsTruncated>true</IsTruncated>"), ErrorCode::corrupt_data);
  EXPECT_EQ(parse_list_page("<Error/>", "").status().code(), ErrorCode::corrupt_data);
  EXPECT_EQ(parse_list_page("", "").status().code(), ErrorCode::corrupt_data);
}

TEST(S3Xml, ACompletedUploadSaysSoItself) {
  EXPECT_EQ(
      *parse_completed_etag("<CompleteMultipartUploadResult><ETag>\"x-1\"</ETag></CompleteMultipartUploadResult>"),
      "x-1");
  EXPECT_FALSE(parse_completed_etag("<Error><Code>InternalError</Code></Error>").ok());
  EXPECT_FALSE(parse_completed_etag("").ok());
}

TEST(S3Error, TellsTroubleApart) {
  const auto fault = [](int status, const char* code) {
    S3Fault made;
    made.status = status;
    made.body.code = code;
    return made;
  };
  EXPECT_EQ(trouble_of(fault(403, "AccessDenied")), S3Trouble::final);
  EXPECT_EQ(trouble_of(fault(503, "")), S3Trouble::throttled);
  EXPECT_EQ(trouble_of(fault(400, "RequestTimeout")), S3Trouble::failing);
  EXPECT_EQ(trouble_of(fault(200, "SlowDown")), S3Trouble::throttled);
  EXPECT_EQ(trouble_of(fault(507, "XMinioStorageFull")), S3Trouble::final);
  EXPECT_EQ(trouble_of(fault(501, "NotImplemented")), S3Trouble::final);
  const S3ErrorPlace place{"s3://b/k", "GET", "http://h", "environment", 3};
  EXPECT_EQ(s3_error(place, fault(507, "XMinioStorageFull")).code(), ErrorCode::no_space);
  EXPECT_EQ(s3_error(place, fault(404, "")).code(), ErrorCode::not_found);
  EXPECT_EQ(s3_error(place, fault(429, "")).code(), ErrorCode::throttled);
  EXPECT_EQ(s3_error(place, fault(403, "RequestTimeTooSkewed")).code(), ErrorCode::permission_denied);
  EXPECT_EQ(printable("a\x1b[31m\nb\xc2\x9b"), "a\\x1b[31m\\nb\\x9b");
  EXPECT_EQ(printable(std::string(1024, 'k')), std::string(1024, 'k')) << "a key is shown whole";
  EXPECT_EQ(printable(std::string(1023, 'k') + "\xc3\xa4"), std::string(1023, 'k') + "...");
}

TEST(S3Error, RemediesFitTheRequest) {
  const auto text = [](const S3ErrorPlace& place, int status, const char* code) {
    S3Fault fault;
    fault.status = status;
    fault.body.code = code;
    return s3_error(place, fault).text();
  };
  const S3ErrorPlace anonymous{"s3://b/k", "GET", "http://h", "", 1},
      head{"s3://b/k", "HEAD", "http://h", "options", 1};
  EXPECT_EQ(text(anonymous, 403, "AccessDenied").find("keys are valid"), std::string::npos);
  EXPECT_NE(text(anonymous, 403, "AccessDenied").find("anonymous"), std::string::npos);
  EXPECT_NE(text(head, 403, "AccessDenied").find("keys are valid"), std::string::npos);
  EXPECT_NE(text(head, 400, "").find("expired"), std::string::npos);
  EXPECT_NE(text(head, 400, "").find("credentials from options"), std::string::npos);
}

TEST(ContentRange, IsReadStrictly) {
  std::int64_t first = 0, last = 0, total = 0;
  EXPECT_TRUE(parse_content_range("bytes 0-9/100", first, last, total));
  EXPECT_EQ(last, 9);
  for (const char* bad : {"", "bytes */100", "bytes 9-0/100", "bytes 0-100/100", "bytes 0-9/100x", "bytes -1-9/100",
                          "bytes 0-99999999999999999999/1"}) {
    EXPECT_FALSE(parse_content_range(bad, first, last, total)) << bad;
  }
}

}  // namespace
}  // namespace shoal::data
