#include "net/handshake.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace shoal::net {
namespace {

using Bytes = std::vector<std::uint8_t>;

Program program(std::uint8_t seed, std::size_t size = 20) { return Program::of(Bytes(size, seed)).value_or_throw(); }
Token token(char digit) { return Token::from_hex(std::string(64, digit)).value_or_throw(); }
Nonce nonce(std::uint8_t seed) {
  Nonce nonce;
  nonce.fill(seed);
  return nonce;
}

const Identity k_worker{.process = {1, 4}, .roles = Role::worker, .program = program(7)};
const Identity k_client{.process = {2, 1}, .roles = Role::client, .program = program(7)};
constexpr Call k_call{.wanted = {1, 4}, .epoch = 3};

Bytes output(Handshake& from) {
  Bytes bytes(from.output().begin(), from.output().end());
  from.on_sent(bytes.size());
  return bytes;
}
/// As much as it wants, in pieces of at most `piece` bytes; what is left over.
Bytes feed(Handshake& to, Bytes bytes, std::size_t piece = SIZE_MAX) {
  std::size_t at = 0;
  while (at < bytes.size() && to.wanted() > 0) {
    const std::size_t n = std::min({piece, to.wanted(), bytes.size() - at});
    to.on_bytes(std::span(bytes).subspan(at, n));
    at += n;
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return bytes;
}

/// Both sides and the three things that they say.
struct Meeting {
  Handshake caller = Handshake::call(token('a'), k_client, k_call, nonce(1));
  Handshake listener = Handshake::answer(token('a'), k_worker, nonce(2));
  Bytes hello{}, answer{}, proof{};

  void run(std::size_t piece = SIZE_MAX) {
    hello = output(caller);
    EXPECT_TRUE(feed(listener, hello, piece).empty());
    answer = output(listener);
    feed(caller, answer, piece);
    proof = output(caller);
    feed(listener, proof, piece);
  }
};

TEST(Handshake, BothSidesKnowEachOther) {
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
    Meeting meeting;
    EXPECT_FALSE(meeting.caller.is_done() || meeting.listener.is_done());
    meeting.run(piece);
    ASSERT_TRUE(meeting.caller.is_done() && meeting.listener.is_done());
    EXPECT_EQ(meeting.caller.peer(), k_worker);
    EXPECT_EQ(meeting.listener.peer(), k_client);
    EXPECT_EQ(meeting.listener.epoch(), 3u);
    EXPECT_EQ(meeting.caller.wanted() + meeting.listener.wanted(), 0u) << "what follows is a channel's";
    EXPECT_LE(meeting.answer.size(), k_hello_bytes_max);
    EXPECT_TRUE(meeting.listener.output().empty());
  }
}

TEST(Handshake, LeavesWhatComesBehindIt) {
  Meeting meeting;
  meeting.hello = output(meeting.caller);
  feed(meeting.listener, meeting.hello);
  feed(meeting.caller, output(meeting.listener));
  Bytes proof = output(meeting.caller);
  proof.insert(proof.end(), {1, 2, 3});
  EXPECT_EQ(feed(meeting.listener, proof), Bytes({1, 2, 3}));
  EXPECT_TRUE(meeting.listener.is_done());
}

TEST(Handshake, NothingSecretCrossesTheWire) {
  Meeting meeting;
  meeting.run();
  const Bytes secret(4, 0xaa);
  for (const Bytes& said : {meeting.hello, meeting.answer, meeting.proof}) {
    EXPECT_EQ(std::search(said.begin(), said.end(), secret.begin(), secret.end()), said.end());
  }
}

struct Refused {
  const char* what;
  std::function<void(Identity& worker, Identity& client, Call& call, Token& of_client)> change;
  ErrorCode at_caller, at_listener;  // ok = it waits for the rest, and is told by the end of the connection
};

TEST(Handshake, WhatDiffersIsNamed) {
  const std::vector<Refused> table = {
      {"another token", [](auto&, auto&, auto&, Token& t) { t = token('b'); }, ErrorCode::permission_denied,
       ErrorCode::ok},
      {"another build", [](auto&, Identity& client, auto&, auto&) { client.program = program(8); },
       ErrorCode::schema_mismatch, ErrorCode::schema_mismatch},
      {"a longer name of the build", [](auto&, Identity& client, auto&, auto&) { client.program = program(7, 32); },
       ErrorCode::schema_mismatch, ErrorCode::schema_mismatch},
      {"another process", [](auto&, auto&, Call& call, auto&) { call.wanted.n = 5; }, ErrorCode::not_found,
       ErrorCode::not_found},
      {"another incarnation of the node", [](Identity& worker, auto&, auto&, auto&) { worker.process.node = 9; },
       ErrorCode::not_found, ErrorCode::not_found},
      {"no role", [](auto&, Identity& client, auto&, auto&) { client.roles = {}; }, ErrorCode::ok,
       ErrorCode::corrupt_data},
      {"no epoch", [](auto&, auto&, Call& call, auto&) { call.epoch = 0; }, ErrorCode::ok, ErrorCode::corrupt_data},
  };
  for (const Refused& row : table) {
    Identity worker = k_worker, client = k_client;
    Call call = k_call;
    Token of_client = token('a');
    row.change(worker, client, call, of_client);
    Meeting meeting{.caller = Handshake::call(of_client, client, call, nonce(1)),
                    .listener = Handshake::answer(token('a'), worker, nonce(2))};
    meeting.run();
    EXPECT_EQ(meeting.caller.status().code(), row.at_caller) << row.what << ": " << meeting.caller.status().text();
    EXPECT_EQ(meeting.listener.status().code(), row.at_listener)
        << row.what << ": " << meeting.listener.status().text();
    EXPECT_FALSE(meeting.caller.is_done() || meeting.listener.is_done()) << row.what;
    EXPECT_TRUE(meeting.proof.empty()) << row.what << ": who was refused gets no proof";
  }
}

TEST(Handshake, AListenerRefusesTheProofOfAnotherToken) {
  // A caller that does not care whom it talks to.
  Meeting meeting;
  Handshake stranger = Handshake::call(token('b'), k_client, k_call, nonce(1));
  Handshake same_token = Handshake::answer(token('b'), k_worker, nonce(2));
  const Bytes hello = output(stranger);
  feed(same_token, hello);
  feed(stranger, output(same_token));
  feed(meeting.listener, hello);
  feed(meeting.listener, output(stranger));
  EXPECT_EQ(meeting.listener.status().code(), ErrorCode::permission_denied);
}

TEST(Handshake, AnotherVersionIsToldToBoth) {
  Meeting meeting;
  meeting.hello = output(meeting.caller);
  meeting.hello[4] = 2;
  EXPECT_FALSE(feed(meeting.listener, meeting.hello).empty()) << "nobody knows what follows in that version";
  EXPECT_EQ(meeting.listener.status().code(), ErrorCode::unsupported);
  Bytes answer = output(meeting.listener);
  ASSERT_FALSE(answer.empty()) << "the caller learns why";
  answer[4] = 2;
  feed(meeting.caller, answer);
  EXPECT_EQ(meeting.caller.status().code(), ErrorCode::unsupported);
}

TEST(Handshake, WhatWasRecordedIsWorthNothing) {
  Meeting first;
  first.run();
  Handshake listener = Handshake::answer(token('a'), k_worker, nonce(3));
  feed(listener, first.hello);
  feed(listener, first.proof);
  EXPECT_EQ(listener.status().code(), ErrorCode::permission_denied) << "a replayed caller";
  Handshake caller = Handshake::call(token('a'), k_client, k_call, nonce(4));
  feed(caller, first.answer);
  EXPECT_EQ(caller.status().code(), ErrorCode::permission_denied) << "a replayed listener";
}

TEST(Handshake, WhatIsTurnedRoundIsRefused) {
  Meeting meeting;
  meeting.hello = output(meeting.caller);
  feed(meeting.caller, meeting.hello);
  EXPECT_EQ(meeting.caller.status().code(), ErrorCode::corrupt_data) << "its own hello";
  feed(meeting.listener, meeting.hello);
  const Bytes answer = output(meeting.listener);
  // The listener's own HMAC as the caller's proof.
  feed(meeting.listener, Bytes(answer.end() - 32, answer.end()));
  EXPECT_EQ(meeting.listener.status().code(), ErrorCode::permission_denied);
}

TEST(Handshake, CutAnywhereItWaits) {
  Meeting whole;
  whole.run();
  for (std::size_t size = 0; size < whole.answer.size(); ++size) {
    Meeting meeting;
    output(meeting.caller);
    feed(meeting.caller, Bytes(whole.answer.begin(), whole.answer.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_FALSE(meeting.caller.is_done()) << size;
    EXPECT_TRUE(meeting.caller.status().ok() && meeting.caller.wanted() > 0) << size;
    EXPECT_TRUE(meeting.caller.output().empty()) << size;
  }
  const Bytes said = [&] {
    Bytes all = whole.hello;
    all.insert(all.end(), whole.proof.begin(), whole.proof.end());
    return all;
  }();
  for (std::size_t size = 0; size < said.size(); ++size) {
    Handshake listener = Handshake::answer(token('a'), k_worker, nonce(2));
    feed(listener, Bytes(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_FALSE(listener.is_done()) << size;
    EXPECT_TRUE(listener.status().ok() && listener.wanted() > 0) << size;
  }
}

TEST(Handshake, EachByteChangedIsRefused) {
  Meeting whole;
  whole.run();
  for (const std::uint8_t change : {0x01, 0x80, 0xff}) {
    for (std::size_t place = 0; place < whole.answer.size(); ++place) {
      Meeting meeting;
      output(meeting.caller);
      Bytes answer = whole.answer;
      answer[place] ^= change;
      feed(meeting.caller, answer);
      EXPECT_FALSE(meeting.caller.is_done()) << place;
      EXPECT_FALSE(meeting.caller.status().ok()) << place;
      EXPECT_TRUE(meeting.caller.output().empty()) << place;
    }
    for (std::size_t place = 0; place < whole.hello.size() + whole.proof.size(); ++place) {
      // A changed hello is answered by a listener of the same token; the caller's proof is then of another hello.
      Bytes hello = whole.hello, proof = whole.proof;
      (place < hello.size() ? hello[place] : proof[place - hello.size()]) ^= change;
      Handshake listener = Handshake::answer(token('a'), k_worker, nonce(2));
      feed(listener, hello);
      if (listener.status().ok()) feed(listener, proof);
      EXPECT_FALSE(listener.is_done()) << place;
      EXPECT_FALSE(listener.status().ok()) << place;
    }
  }
}

TEST(Handshake, AHelloThatIsTooLongIsRefusedBeforeItComes) {
  for (const std::uint16_t length : {95, 97, 248, 249, 65535}) {
    Meeting meeting;
    Bytes hello = output(meeting.caller);
    std::memcpy(hello.data() + 6, &length, sizeof length);
    hello.resize(8);
    feed(meeting.listener, hello);
    EXPECT_EQ(meeting.listener.status().code(), ErrorCode::corrupt_data) << length;
    EXPECT_TRUE(meeting.listener.output().empty()) << "it says nothing to those who speak something else";
  }
}

TEST(Handshake, BuildsHaveNamesOf16To32Bytes) {
  for (const std::size_t size : {0, 15, 33}) {
    EXPECT_EQ(Program::of(Bytes(size, 1)).status().code(), ErrorCode::invalid_argument) << size;
  }
  EXPECT_EQ(to_string(program(0x1f, 16)), "1f1f1f1f1f1f1f1f");
}

}  // namespace
}  // namespace shoal::net
