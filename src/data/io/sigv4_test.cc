#include "data/io/sigv4.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "data/io/http_escape.h"

namespace shoal::data {
namespace {

constexpr std::time_t k_example_time = 1369353600;  // 2013-05-24T00:00:00Z, the time of Amazon's examples

std::string hex(const Sha256& hash) {
  std::string out;
  append_hex(out, {reinterpret_cast<const char*>(hash.data()), hash.size()});
  return out;
}

SigV4Signer example_signer() {
  return SigV4Signer("AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret());
}

std::string signature_of(const std::string& head) {
  const std::size_t at = head.find("Signature=");
  return at == std::string::npos ? "" : head.substr(at + 10, 64);
}

TEST(Sha256Engine, AgreesWithPublishedVectors) {
  Sha256Engine engine;
  EXPECT_EQ(hex(engine.hash("")), k_empty_sha256);
  EXPECT_EQ(hex(engine.hash("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string key = "Jefe";  // RFC 4231, case 2
  EXPECT_EQ(
      hex(engine.hmac({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}, "what do ya want for nothing?")),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const std::string long_key(131, '\xaa');  // RFC 4231, case 6: longer than a block
  EXPECT_EQ(hex(engine.hmac({reinterpret_cast<const std::uint8_t*>(long_key.data()), long_key.size()},
                            "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(SigV4, DerivesTheKeyOfAmazonsExample) {
  Sha256Engine engine;
  EXPECT_EQ(hex(sigv4_signing_key(engine, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST(SigV4, SignsTheGetObjectExample) {
  SigV4Signer signer = example_signer();
  const std::pair<std::string_view, std::string_view> range{"range", "bytes=0-9"};
  std::string head;
  signer.sign({.method = "GET",
               .path = "/test.txt",
               .query = "",
               .host = "examplebucket.s3.amazonaws.com",
               .region = "us-east-1",
               .headers = {&range, 1}},
              k_example_time, head);
  EXPECT_EQ(signature_of(head), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_NE(head.find("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"), std::string::npos);
  EXPECT_NE(head.find("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"), std::string::npos);
}

TEST(SigV4, SignsTheQueryExamples) {
  SigV4Signer signer = example_signer();
  std::string lifecycle;
  signer.sign({.method = "GET",
               .path = "/",
               .query = "lifecycle=",
               .host = "examplebucket.s3.amazonaws.com",
               .region = "us-east-1"},
              k_example_time, lifecycle);
  EXPECT_EQ(signature_of(lifecycle), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  std::string list;
  signer.sign({.method = "GET",
               .path = "/",
               .query = "max-keys=2&prefix=J",
               .host = "examplebucket.s3.amazonaws.com",
               .region = "us-east-1"},
              k_example_time, list);
  EXPECT_EQ(signature_of(list), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, TakesANewKeyWithEachDayAndRegion) {
  SigV4Signer signer = example_signer();
  const auto sign = [&](std::time_t when, std::string_view region) {
    std::string head;
    signer.sign({.method = "GET", .path = "/", .query = "", .host = "h", .region = region}, when, head);
    return signature_of(head);
  };
  const std::string first = sign(k_example_time, "us-east-1");
  EXPECT_NE(sign(k_example_time + 86'400, "us-east-1"), first);
  EXPECT_NE(sign(k_example_time, "eu-west-1"), first);
  EXPECT_EQ(sign(k_example_time, "us-east-1"), first);
}

TEST(SigV4, SessionTokenIsSentAndSigned) {
  SigV4Signer signer("AKID", Secret("secret"), Secret("the-token"));
  std::string head;
  signer.sign({.method = "GET", .path = "/", .query = "", .host = "h", .region = "r"}, k_example_time, head);
  EXPECT_NE(head.find("x-amz-security-token: the-token\r\n"), std::string::npos);
  EXPECT_NE(head.find("x-amz-date;x-amz-security-token,"), std::string::npos);
  EXPECT_EQ(head.find("secret\r"), std::string::npos);
}

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Streamable<Secret>, "a secret must not be printable");

TEST(HttpEscape, FollowsTheRulesOfTheSignature) {
  std::string path = "/";
  append_escaped(path, "a b/ü+~%.txt", true);
  EXPECT_EQ(path, "/a%20b/%C3%BC%2B~%25.txt");
  EXPECT_EQ(escape_query("a/b=c&d"), "a%2Fb%3Dc%26d");
  EXPECT_EQ(unescape_form("a+b%2Fc%C3%bc%"), "a b/cü%");
  EXPECT_EQ(unescape_form("%zz%4"), "%zz%4");
}

TEST(HttpEscape, TakesETagsAsTheyStandInHeadersAndXml) {
  EXPECT_EQ(without_quotes("\"abc-1\""), "abc-1");
  EXPECT_EQ(without_quotes("W/\"abc\""), "abc");
  EXPECT_EQ(without_quotes("abc"), "abc");
  EXPECT_EQ(without_quotes("\""), "\"");
}

}  // namespace
}  // namespace shoal::data
