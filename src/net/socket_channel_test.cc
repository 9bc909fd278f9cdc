#include "net/socket_channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/testing/channel_suite.h"
#include "net/testing/socket_pair.h"
#include "wire/frame.h"
#include "wire/print.h"
#include "wire/testing/filled.h"

namespace shoal::net {
namespace {

using Bytes = std::vector<std::uint8_t>;

INSTANTIATE_TYPED_TEST_SUITE_P(Socket, ChannelSuite, SocketFixture);

/// A channel whose other end is bytes.
struct Raw {
  explicit Raw(Roles self = Role::worker, Roles peer = Role::worker) {
    auto [mine, theirs] = socket_pair();
    socket = std::move(theirs);
    channel = std::make_unique<SocketChannel>(std::move(mine), 1, self, testing_identity(2, peer));
  }
  void write(const Bytes& bytes) const {
    ASSERT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  Arrivals receive() {
    Arrivals arrivals;
    channel->receive(arrivals);
    return arrivals;
  }

  Fd socket{};
  std::unique_ptr<SocketChannel> channel{};
};

Bytes record(std::uint16_t type, std::uint64_t value, std::uint32_t length = 0, std::uint16_t flags = 0) {
  const wire::FrameHeader header{.length = length, .type = type, .flags = flags, .correlation = value};
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}
Bytes bytes_of(const wire::Message& message, std::uint64_t sequence) {
  Bytes bytes;
  EXPECT_TRUE(wire::append_frame(bytes, message, sequence).ok());
  return bytes;
}
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(SocketChannel, AllKindsOfFramesAndMessagesComeAsTheyWere) {
  SocketFixture fixture;
  fixture.connect(1);
  std::vector<Frame> sent = {{{FrameKind::resume, 0, 9}, {}}};
  std::uint64_t n = 0;
  for (const wire::Message& message : wire::all_messages(3)) {
    if (may_say(Role::worker, Role::worker, message.index())) sent.push_back({{FrameKind::message, ++n, 9}, message});
  }
  sent.push_back({{FrameKind::acknowledge, 0, 10}, {}});
  sent.push_back({{FrameKind::message, UINT64_MAX, UINT64_MAX - 1}, wire::BorrowDrop{}});
  send(fixture.left(), sent);
  Arrivals arrivals;
  fixture.right().receive(arrivals);
  ASSERT_EQ(arrivals.frames.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(arrivals.frames[i].header, sent[i].header) << i;
    EXPECT_EQ(wire::to_string(arrivals.frames[i].message), wire::to_string(sent[i].message));
  }
}

TEST(SocketChannel, BytesOnTheWire) {
  Raw raw;
  send(*raw.channel, {{{FrameKind::resume, 0, 5}, {}}, small(1, 5), small(2, 6), {{FrameKind::acknowledge, 0, 6}, {}}});
  const Bytes expected = record(0xfffe, 5) + bytes_of(small(1).message, 1) + record(0xfffd, 6) +
                         bytes_of(small(2).message, 2) + record(0xffff, 6);
  Bytes got(expected.size() + 1);
  got.resize(static_cast<std::size_t>(::recv(raw.socket.get(), got.data(), got.size(), 0)));
  EXPECT_EQ(got, expected);
}

TEST(SocketChannel, WhatComesByteByByteIsWholeInTheEnd) {
  Raw raw;
  const Bytes all = record(0xfffe, 0) + record(0xfffd, 4) + bytes_of(small(1).message, 1) +
                    bytes_of(small(2).message, 2);
  std::size_t frames = 0;
  for (const std::uint8_t byte : all) {
    raw.write({byte});
    const Arrivals arrivals = raw.receive();
    frames += arrivals.frames.size();
    EXPECT_FALSE(arrivals.broken);
  }
  EXPECT_EQ(frames, 3u);
}

TEST(SocketChannel, EachMessageWithEachRole) {
  constexpr Role k_roles[] = {Role::client, Role::worker, Role::node, Role::control};
  for (const wire::Message& message : wire::all_messages(2)) {
    if (attachment_of(message) != nullptr) continue;  // whose files these bytes do not bring
    for (const Role self : k_roles) {
      for (const Role peer : k_roles) {
        Raw raw(self, peer);
        raw.write(bytes_of(message, 1));
        const Arrivals arrivals = raw.receive();
        if (may_say(peer, self, message.index())) {
          EXPECT_EQ(arrivals.frames.size(), 1u);
          EXPECT_TRUE(raw.channel->fault().ok());
        } else {
          EXPECT_TRUE(arrivals.frames.empty() && arrivals.broken);
          EXPECT_EQ(raw.channel->fault().code(), ErrorCode::permission_denied);
        }
      }
    }
  }
}

/// A pipe whose reading end is passed on: what is written to it tells which one it was.
struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    reading = std::make_shared<const Fd>(ends[0]);
    writing = Fd(ends[1]);
  }
  std::shared_ptr<const Fd> reading{};
  Fd writing{};
};
char read_one(const Fd& file) {
  char byte = 0;
  EXPECT_EQ(::read(file.get(), &byte, 1), 1);
  return byte;
}
wire::ExtentIs extent(std::uint64_t n, const Pipe& pipe) {
  wire::ExtentIs is{.extent = n, .bytes = 1, .is_writable = false, .files = {}};
  is.files.files.push_back(pipe.reading);
  return is;
}

TEST(SocketChannel, FilesComeWithTheirMessages) {
  auto [mine, theirs] = socket_pair();
  SocketChannel daemon(std::move(mine), 1, Role::node, testing_identity(2));
  SocketChannel worker(std::move(theirs), 1, Role::worker, testing_identity(1, Role::node));
  constexpr int k_count = 300;  // more than the socket and one read hold
  std::vector<Pipe> pipes(k_count);
  std::vector<Frame> frames;
  for (int n = 0; n < k_count; ++n) {
    const std::uint64_t sequence = 2 * static_cast<std::uint64_t>(n);
    frames.push_back({{FrameKind::message, sequence + 1, sequence}, extent(sequence, pipes[n])});
    frames.push_back({{FrameKind::message, sequence + 2, 0}, wire::ForgetExtent{sequence}});
    if (n % 3 == 0) {
      wire::StoreFailed long_one{.n = 0, .code = ErrorCode::io, .text = std::string(70'000, 'x')};
      frames.push_back({{FrameKind::message, sequence + 2, 0}, std::move(long_one)});
    }
  }
  daemon.send(frames);
  std::vector<wire::ExtentIs> came;
  while (came.size() < k_count && daemon.fault().ok() && worker.fault().ok()) {
    daemon.on_writable();
    Arrivals arrivals;
    worker.receive(arrivals);
    for (Frame& frame : arrivals.frames) {
      if (auto* const is = std::get_if<wire::ExtentIs>(&frame.message)) came.push_back(std::move(*is));
    }
  }
  ASSERT_EQ(came.size(), k_count) << worker.fault().text();
  for (int n = 0; n < k_count; ++n) {
    EXPECT_EQ(came[n].extent, 2 * static_cast<std::uint64_t>(n));
    ASSERT_EQ(came[n].files.files.size(), 1u);
    const char name = static_cast<char>('a' + n % 26);
    ASSERT_EQ(::write(pipes[n].writing.get(), &name, 1), 1);
    EXPECT_EQ(read_one(*came[n].files.files[0]), name);
    EXPECT_NE(::fcntl(came[n].files.files[0]->get(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(SocketChannel, AFileThatIsPromisedAndDoesNotComeEndsIt) {
  const Pipe pipe;
  Raw raw(Role::worker, Role::node);
  raw.write(bytes_of(wire::ForgetExtent{1}, 1) + bytes_of(extent(2, pipe), 2));
  const Arrivals arrivals = raw.receive();
  EXPECT_EQ(arrivals.frames.size(), 1u);
  EXPECT_TRUE(arrivals.broken);
  EXPECT_EQ(raw.channel->fault().code(), ErrorCode::corrupt_data);
}

TEST(SocketChannel, AFileThatNobodyPromisedEndsIt) {
  const Pipe pipe;
  Raw raw(Role::worker, Role::node);
  Bytes bytes = bytes_of(wire::ForgetExtent{1}, 1);
  iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = pipe.reading->get();
  std::memcpy(CMSG_DATA(header), &number, sizeof number);
  ASSERT_EQ(::sendmsg(raw.socket.get(), &message, 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_TRUE(raw.receive().broken);
  EXPECT_EQ(raw.channel->fault().code(), ErrorCode::corrupt_data);
}

TEST(SocketChannel, BytesThatMeanNothingEndItBehindWhatWasGood) {
  const Bytes good = bytes_of(small(1).message, 1);
  Bytes cut_short = bytes_of(small(2).message, 2);
  cut_short[0] -= 1;
  const auto type = static_cast<std::uint16_t>(small(1).message.index());
  const std::vector<std::pair<const char*, Bytes>> table = {
      {"a type that is none", record(60'000, 1)},
      {"a record that is none", record(0xfff0, 1)},
      {"a record with a length", record(0xffff, 1, 1)},
      {"a record with flags", record(0xfffd, 1, 0, 1)},
      {"flags", record(type, 1, 24, 1)},
      {"a length above the limit, before its bytes come", record(type, 1, UINT32_MAX)},
      {"a struct that is shorter than it says", cut_short},
  };
  for (const auto& [what, bytes] : table) {
    Raw raw;
    raw.write(good + bytes + good);
    const Arrivals arrivals = raw.receive();
    EXPECT_EQ(arrivals.frames.size(), 1u) << what;
    EXPECT_TRUE(arrivals.broken) << what;
    EXPECT_EQ(raw.channel->fault().code(), ErrorCode::corrupt_data) << what << ": " << raw.channel->fault().text();
    EXPECT_EQ(raw.channel->descriptor(), -1) << what;
    EXPECT_FALSE(raw.receive().broken) << what;
    std::uint8_t byte = 0;
    EXPECT_EQ(::recv(raw.socket.get(), &byte, 1, 0) > 0, false) << what << ": the peer sees the end";
  }
}

TEST(SocketChannel, AnEndWithinAFrameIsAnEnd) {
  const Bytes frame = bytes_of(small(1).message, 1);
  for (std::size_t size = 0; size < frame.size(); ++size) {
    Raw raw;
    if (size > 0) raw.write(Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)));
    raw.socket.reset();
    EXPECT_TRUE(raw.receive().broken || raw.receive().broken) << size;
    EXPECT_EQ(raw.channel->fault().code(), ErrorCode::unavailable);
  }
}

TEST(SocketChannel, ValuesUpTo64MiB) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1} << 16, (std::size_t{1} << 20) + 3, std::size_t{64} << 20}) {
    SocketFixture fixture;
    fixture.connect(1);
    send(fixture.left(), {small(1), large(2, bytes), small(3)});
    std::vector<Frame> got;
    run_until(
        fixture, [&] { return got.size() == 3; },
        [&] {
          Arrivals arrivals;
          fixture.right().receive(arrivals);
          for (Frame& frame : arrivals.frames) got.push_back(std::move(frame));
        });
    const Payload& value = std::get<wire::ValueIs>(got.at(1).message).value;
    ASSERT_EQ(value.size(), bytes);
    EXPECT_TRUE(bytes == 0 || (value.data()[0] == 2 && value.data()[bytes - 1] == 2));
  }
}

}  // namespace
}  // namespace shoal::net
