#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace shoal::cli {
namespace {

constexpr Option k_options[] = {{"--num-cpus", "N", ""}, {"--block", "", ""}, {"--name", "NAME", ""}};

Result<Arguments> parse(const std::vector<std::string>& words, bool takes_rest = false) {
  return Arguments::parse(k_options, words, takes_rest);
}

TEST(Arguments, ValuesStandBehindTheNameOrAnEqualsSign) {
  const auto arguments = parse({"--num-cpus", "4", "--name=a=b", "--block"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->number("--num-cpus", 1).value_or_throw(), 4);
  EXPECT_EQ(arguments->text("--name"), "a=b");
  EXPECT_TRUE(arguments->has("--block"));
  EXPECT_EQ(parse({})->number("--num-cpus", 1.5).value_or_throw(), 1.5);
}

TEST(Arguments, WhatIsWrongIsRefused) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--num-cpus"}, {"--block=1"}, {"--block", "--block"}, {"word"}, {"--num-cpu", "4"}, {"-x"}}) {
    EXPECT_EQ(parse(words).status().code(), ErrorCode::invalid_argument) << words[0];
  }
  for (const char* const number : {"", "-1", "4x", "nan", "inf", "four"}) {
    EXPECT_EQ(parse({"--num-cpus", number})->number("--num-cpus", 1).status().code(), ErrorCode::invalid_argument)
        << number;
  }
}

TEST(Arguments, AnUnknownOptionIsAnsweredWithTheNearest) {
  EXPECT_NE(parse({"--num-cpu", "4"}).status().text().find("--num-cpus"), std::string::npos);
  constexpr std::array<std::string_view, 3> k_verbs = {"start", "stop", "status"};
  EXPECT_EQ(nearest("statsu", k_verbs), "status");
  EXPECT_EQ(nearest("strat", k_verbs), "start");
  EXPECT_EQ(nearest("microbenchmark", k_verbs), "");
}

TEST(Arguments, BehindTheFirstWordNothingIsLookedAt) {
  const auto arguments = parse({"--name", "x", "./program", "--block", "--no-such"}, true);
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->rest(), (std::vector<std::string>{"./program", "--block", "--no-such"}));
  EXPECT_FALSE(arguments->has("--block"));
}

TEST(ParseObject, TakesFlatObjects) {
  using Members = std::map<std::string, std::string>;
  EXPECT_EQ(parse_object("{}").value_or_throw(), Members{});
  EXPECT_EQ(parse_object(R"( {"license": 2, "zone":"a b" , "half":0.5} )").value_or_throw(),
            (Members{{"license", "2"}, {"zone", "a b"}, {"half", "0.5"}}));
}

TEST(ParseObject, RefusesEverythingElse) {
  for (const char* const text : {"", "{", "[]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{\"a\":1}x",
                                 "{\"a\":1,\"a\":2}", "{\"a\":{}}", R"({"a\"b":1})", "{a:1}", "{\"a\":true}"}) {
    EXPECT_EQ(parse_object(text).status().code(), ErrorCode::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace shoal::cli
