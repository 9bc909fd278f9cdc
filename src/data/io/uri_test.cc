#include "data/io/uri.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shoal::data {
namespace {

TEST(Uri, TakesPlainPathsAsTheyAre) {
  for (const char* path : {"/a/b.jpg", "a/b", ".", "a%20b", "C:x", "dir/", "/x/http://y", "./s3:/x", "s3:x"}) {
    Result<Uri> uri = parse_uri(path);
    ASSERT_TRUE(uri.ok()) << path;
    EXPECT_EQ(*uri, (Uri{UriScheme::file, "", path}));
  }
}

TEST(Uri, DecodesFileUris) {
  EXPECT_EQ(parse_uri("file:///a/b%20c%25.jpg")->path, "/a/b c%.jpg");
  EXPECT_EQ(parse_uri("file://localhost/a/")->path, "/a/");
  EXPECT_EQ(parse_uri("file:/a")->path, "/a");
  EXPECT_EQ(parse_uri("FILE:///a")->path, "/a");
}

TEST(Uri, TakesS3KeysVerbatim) {
  EXPECT_EQ(*parse_uri("s3://mnist"), (Uri{UriScheme::s3, "mnist", ""}));
  EXPECT_EQ(*parse_uri("s3://mnist/"), (Uri{UriScheme::s3, "mnist", ""}));
  EXPECT_EQ(*parse_uri("s3://mnist/a//b%20c?x#y/"), (Uri{UriScheme::s3, "mnist", "a//b%20c?x#y/"}));
}

TEST(Uri, RefusesWhatIsMalformed) {
  using namespace std::string_literals;
  for (const std::string& text : {""s,
                                  "file://host/x"s,
                                  "file://"s,
                                  "file:///a%2"s,
                                  "file:///a%zz"s,
                                  "file:///a%00b"s,
                                  "a\0b"s,
                                  "s3://"s,
                                  "s3:///key"s,
                                  "s3://ab/key"s,
                                  "s3://user@host/key"s,
                                  "s3://a..b/key"s,
                                  "s3://host:9000/b"s,
                                  "nope://x"s,
                                  "s3:/x/y"s,
                                  "S3:/x"s,
                                  "gs:/x/y"s,
                                  "abfs:/x/y"s,
                                  "s3://bucket/" + std::string(1025, 'k'),
                                  std::string(70000, 'x')}) {
    EXPECT_EQ(parse_uri(text).status().code(), ErrorCode::invalid_argument) << text.substr(0, 100);
  }
}

TEST(Uri, NamesSchemesThatAreNotBuilt) {
  for (const char* text :
       {"gs://b/k", "abfs://c@a/k", "abfss://c@a/k", "GS://b", "hdfs://h/x", "https://h/x", "s3a://b/k"}) {
    EXPECT_EQ(parse_uri(text).status().code(), ErrorCode::unsupported) << text;
  }
}

TEST(Uri, FileUrisComeBack) {
  for (const char* path : {"/", "/a b/c", "/100%/x?y#z", "/tab\tnewline\n", "/b\xc3\xa4ume.jpg"}) {
    EXPECT_EQ(parse_uri(file_uri(path))->path, path);
  }
}

TEST(Uri, MakesPathsAbsolute) {
  EXPECT_EQ(absolute_path("b", "/a"), "/a/b");
  EXPECT_EQ(absolute_path("b/", "/a"), "/a/b/");
  EXPECT_EQ(absolute_path(".", "/a"), "/a/");
  EXPECT_EQ(absolute_path("../x//./y", "/a/b"), "/a/x/y");
  EXPECT_EQ(absolute_path("/a/b/..", "/w"), "/a/");
  EXPECT_EQ(absolute_path("/../../etc", "/w"), "/etc");
  EXPECT_EQ(absolute_path("/", "/w"), "/");
  EXPECT_EQ(absolute_path("x", "/"), "/x");
}

TEST(Uri, KnowsKeysThatStayBelowTheirFolder) {
  for (const char* key : {"a", "a/b", "..a/b..", "a.b/...", ".hidden"}) EXPECT_TRUE(is_file_key(key)) << key;
  for (const char* key : {"", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", ".", "a/./b"}) {
    EXPECT_FALSE(is_file_key(key)) << key;
  }
  EXPECT_FALSE(is_file_key(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace shoal::data
