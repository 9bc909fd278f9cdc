#include "net/socket_channel.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "net/limits.h"

namespace shoal::net {
namespace {

std::string name_of(const Identity& peer) { return to_string(peer.process) + " (" + to_string(peer.roles) + ")"; }

wire::FrameHeader raw_header(std::span<const std::uint8_t> bytes) {
  wire::FrameHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

}  // namespace

/// Room for the files of one call of the system.
union Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int) * wire::k_attached_max)];
};

void put_files(std::span<const std::shared_ptr<const Fd>> files, Control& room, msghdr& message) {
  std::memset(room.bytes, 0, sizeof room.bytes);
  message.msg_control = room.bytes;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const int number = files[i]->get();
    std::memcpy(CMSG_DATA(header) + i * sizeof(int), &number, sizeof(int));
  }
}

SocketChannel::SocketChannel(Fd socket, std::uint64_t epoch, Roles self, const Identity& peer)
    : epoch_(epoch), self_(self), peer_(peer), socket_(std::move(socket)) {}

void SocketChannel::send(std::vector<Frame>& frames) {
  const bool was_empty = out_.empty();
  for (const Frame& frame : frames) {
    if (closed_ || ended_ || cut_off_) break;
    if (Status status = out_.add(frame); !status.ok()) end(std::move(status));
  }
  frames.clear();
  // Where something was left over the socket is full, and on_writable() comes when it is not.
  if (was_empty) flush();
  congested_ = congested_ || out_.frames() > k_channel_frames_max || out_.bytes() > k_channel_bytes_max;
}

void SocketChannel::on_writable() {
  if (!wants_write()) return;
  flush();
  const bool is_over = out_.frames() <= k_channel_frames_max / 2 && out_.bytes() <= k_channel_bytes_max / 2;
  if (closed_ && out_.empty()) socket_.reset();
  if (congested_ && is_over) {
    congested_ = false;
    if (wakeup_) wakeup_();
  }
}

void SocketChannel::flush() {
  while (wants_write()) {
    std::array<iovec, 64> pieces;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = out_.front(pieces);
    Control control;
    if (const auto files = out_.front_files(); !files.empty()) put_files(files, control, message);
    const ssize_t written = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written >= 0) {
      out_.on_written(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      // What the peer said before it went is still to be read; its end comes behind that.
      cut_off_ = true;
      congested_ = false;
      out_.clear();
    } else if (errno != EINTR) {
      end(errno_status(errno, "write to", "the connection to " + name_of(peer_)));
    }
  }
}

/// Reads once. Whether there may be more.
bool SocketChannel::read_some(std::size_t least) {
  const std::span<std::uint8_t> room = in_.room(least);
  iovec piece{.iov_base = room.data(), .iov_len = room.size()};
  Control control;
  msghdr message{};
  ssize_t count = 0;
  do {
    message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    count = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    in_.add(static_cast<std::size_t>(count));
    if (message.msg_controllen > 0 && !take_files(message)) return false;
    return static_cast<std::size_t>(count) == room.size();
  }
  if (count == 0 || errno == ECONNRESET || errno == EPIPE) {
    end(Status(ErrorCode::unavailable, name_of(peer_) + " is gone: its end of the connection was closed"));
  } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
    end(errno_status(errno, "read from", "the connection to " + name_of(peer_)));
  }
  return false;
}

/// False where the peer breaks the rules.
bool SocketChannel::take_files(const msghdr& message) {
  auto* const whole = const_cast<msghdr*>(&message);
  for (cmsghdr* each = CMSG_FIRSTHDR(whole); each != nullptr; each = CMSG_NXTHDR(whole, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; CMSG_LEN(at + sizeof(int)) <= each->cmsg_len; at += sizeof(int)) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(each) + at, sizeof(int));
      files_.emplace_back(number);
    }
  }
  const bool is_cut = (message.msg_flags & MSG_CTRUNC) != 0;
  if (!is_cut && files_.size() <= k_files_max) return true;
  end(Status(ErrorCode::corrupt_data, name_of(peer_) +
                                          ": more files came than messages may bring, or than this process "
                                          "may open (ulimit -n)"));
  return false;
}

/// What the message says that it brings. False where that did not come, or something else did.
bool SocketChannel::attach_files(wire::Message& message) {
  if (wire::Attachment* const attached = attachment_of(message)) {
    if (attached->files.size() > files_.size()) return false;
    for (auto& file : attached->files) {
      file = std::make_shared<const Fd>(std::move(files_.front()));
      files_.pop_front();
    }
  }
  return files_.empty() || in_.size() > 0;
}

/// How many bytes the next frame lacks, as far as can be seen: at least 1 where it is not whole, 0 where it is or is not
/// to be.
std::size_t SocketChannel::missing() const {
  const std::span<const std::uint8_t> bytes = in_.bytes();
  if (bytes.size() < wire::k_frame_header_bytes) return wire::k_frame_header_bytes - bytes.size();
  const wire::FrameHeader header = raw_header(bytes);
  const std::size_t whole = wire::k_frame_header_bytes + header.length;
  const bool is_refused = header.length > wire::k_frame_bytes_max || header.type >= k_records_from ||
                          !may_say(peer_.roles, self_, header.type);
  return is_refused || bytes.size() >= whole ? 0 : whole - bytes.size();
}

void SocketChannel::receive(Arrivals& into) {
  into.frames.clear();
  into.broken = false;
  woken_ = false;
  if (closed_) return;
  while (take_frame(into)) {}
  std::size_t taken = 0;
  for (bool more = !ended_; more && taken < k_receive_bytes_max;) {
    const std::size_t before = in_.size();
    more = read_some(std::max(missing(), k_read_bytes));
    taken += in_.size() - before;
    while (take_frame(into)) {}
    more = more && !ended_;
  }
  in_.shrink(4 * k_read_bytes);
  if (ended_ && !std::exchange(told_broken_, true)) {
    into.broken = true;
    socket_.reset();
    out_.clear();
  }
}

/// The next whole one; false where there is none.
bool SocketChannel::take_frame(Arrivals& into) {
  const std::span<const std::uint8_t> bytes = in_.bytes();
  if (bytes.size() < wire::k_frame_header_bytes || told_broken_) return false;
  const wire::FrameHeader header = raw_header(bytes);
  if (header.type >= k_records_from) {
    take_record(header, into);
    return true;
  }
  const auto refuse = [this](const Status& status) {
    in_.consume(in_.size());
    end(status.with_context(name_of(peer_)));
    return false;
  };
  if (const auto checked = wire::parse_header(bytes); !checked.ok()) return refuse(checked.status());
  if (!may_say(peer_.roles, self_, header.type)) {
    return refuse(Status(ErrorCode::permission_denied, "it may not send a message of type " +
                                                           std::to_string(header.type) + " to a " + to_string(self_)));
  }
  if (bytes.size() - wire::k_frame_header_bytes < header.length) return false;
  auto message = wire::parse_message(header, bytes.subspan(wire::k_frame_header_bytes, header.length));
  if (!message.ok()) return refuse(message.status());
  Frame& frame = into.frames.emplace_back();
  frame.header = {.kind = FrameKind::message, .sequence = header.correlation, .acknowledged = acknowledged_};
  frame.message = std::move(*message);
  in_.consume(wire::k_frame_header_bytes + header.length);
  if (attach_files(frame.message)) return true;
  into.frames.pop_back();
  return refuse(
      Status(ErrorCode::corrupt_data, "files came without a message that brings them, or the other way round"));
}

void SocketChannel::take_record(const wire::FrameHeader& header, Arrivals& into) {
  if (header.type < k_record_state || header.length != 0 || header.flags != 0) {
    in_.consume(in_.size());
    return end(Status(ErrorCode::corrupt_data, name_of(peer_) + ": a record that a peer sent means nothing"));
  }
  acknowledged_ = header.correlation;
  in_.consume(wire::k_frame_header_bytes);
  if (header.type == k_record_state) return;
  const FrameKind kind = header.type == k_record_resume ? FrameKind::resume : FrameKind::acknowledge;
  into.frames.emplace_back().header = {.kind = kind, .sequence = 0, .acknowledged = acknowledged_};
}

bool SocketChannel::on_readable() {
  bool came = false;
  for (bool more = !closed_ && !ended_; more;) {
    const std::size_t lacks = missing();
    // A frame that is larger than the limit comes whole, and little behind it.
    if (in_.size() >= k_unread_bytes_max && lacks == 0) break;
    const std::size_t before = in_.size();
    more = read_some(std::max(lacks, k_read_bytes)) && !ended_;
    came = came || in_.size() > before || ended_;
  }
  if (came && has_news() && !std::exchange(woken_, true) && wakeup_) wakeup_();
  return came;
}

bool SocketChannel::has_news() const { return ended_ ? !told_broken_ : missing() == 0; }

/// Nothing more comes than what is in in_, and nothing goes.
void SocketChannel::end(Status fault) {
  if (ended_) return;
  ended_ = true;
  fault_ = std::move(fault);
  congested_ = false;
  out_.clear();
  if (socket_.is_open()) ::shutdown(socket_.get(), SHUT_RDWR);
  if (closed_) socket_.reset();
}

void SocketChannel::close() {
  if (std::exchange(closed_, true)) return;
  in_ = ReadBuffer();
  congested_ = false;
  if (ended_ || out_.empty()) return socket_.reset();
  ::shutdown(socket_.get(), SHUT_RD);
  on_writable();
}

}  // namespace shoal::net
