#include "net/token.h"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <string>

namespace shoal::net {
namespace {

std::string hex(const Mac& mac) {
  std::string text;
  for (const std::uint8_t byte : mac) {
    for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  }
  return text;
}

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// RFC 4231 has no key of 32 bytes; zeros behind a shorter one do not change an HMAC (RFC 2104).
Token padded(std::string digits) {
  digits.resize(64, '0');
  return Token::from_hex(digits).value_or_throw();
}

TEST(Token, SignsAsRfc4231Says) {
  EXPECT_EQ(hex(padded(std::string(40, '0').replace(0, 40, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"))
                    .sign(bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(padded("4a656665").sign(bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Token, ComesBackFromItsDigits) {
  const Token token = Token::make();
  const std::string digits(token.to_hex().reveal());
  EXPECT_EQ(digits.size(), 64u);
  const Token back = Token::from_hex(digits).value_or_throw();
  EXPECT_EQ(back.sign(bytes("x")), token.sign(bytes("x")));
  EXPECT_NE(Token::make().sign(bytes("x")), token.sign(bytes("x"))) << "two tokens are not equal";
  EXPECT_NE(random_nonce(), random_nonce());
}

TEST(Token, RefusesOtherTextsWithoutShowingThem) {
  for (const std::string& wrong :
       {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(63, 'a') + "g"}) {
    const Status status = Token::from_hex(wrong).status();
    EXPECT_EQ(status.code(), ErrorCode::invalid_argument);
    if (!wrong.empty()) { EXPECT_EQ(status.text().find(wrong), std::string::npos); }
  }
}

template <class T>
concept Streamable = requires(std::ostream& to, const T& what) { to << what; };
static_assert(!Streamable<Token> && !Streamable<Secret>, "a secret reached a screen");
static_assert(!std::convertible_to<Token, std::string>);

TEST(Token, MacsAreComparedWhole) {
  Mac a{}, b{};
  EXPECT_TRUE(are_equal(a, b));
  for (std::uint8_t& byte : b) {
    byte = 1;
    EXPECT_FALSE(are_equal(a, b));
    byte = 0;
  }
}

}  // namespace
}  // namespace shoal::net
