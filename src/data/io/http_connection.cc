#include "data/io/http_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace shoal::data {
namespace {

constexpr std::size_t k_direct_min = 16 * 1024;         // below that, one read into the scratch takes head and body
constexpr std::size_t k_bytes_per_event = 1024 * 1024;  // then the other connections get their turn

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

HttpConnection::HttpConnection(Owner& owner, int epoll_fd, std::shared_ptr<TlsContext> tls, std::string host,
                               std::vector<HostAddress> addresses, std::size_t first)
    : owner_(owner),
      epoll_fd_(epoll_fd),
      tls_(std::move(tls)),
      host_(std::move(host)),
      addresses_(std::move(addresses)),
      address_(first) {}

HttpConnection::~HttpConnection() { close_socket(); }

void HttpConnection::close_socket() {
  session_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void HttpConnection::connect(HttpClock::time_point now) {
  began_ = moved_ = now;
  try_next_address("the host has no address");
}

void HttpConnection::try_other_address(HttpClock::time_point now) {
  moved_ = now;
  try_next_address("no answer to connect in time");
}

void HttpConnection::try_next_address(std::string why) {
  while (has_other_address()) {
    const HostAddress& address = addresses_[address_++ % addresses_.size()];
    ++tried_;
    close_socket();
    fd_ = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
      why = std::string("no socket: ") + std::strerror(errno);
      continue;
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.ptr = this;
    watching_writable_ = true;
    const int error = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address.bytes), address.size);
    if ((error == 0 || errno == EINPROGRESS) && ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd_, &event) == 0) return;
    why = std::strerror(errno);
  }
  fail(HttpFault::connect, std::move(why));
}

void HttpConnection::on_connect_event() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return try_next_address(std::strerror(error));
  if (tls_ == nullptr) return become_idle();
  session_ = tls_->open(fd_, host_);
  if (session_ == nullptr) return fail(HttpFault::tls, "OpenSSL made no session");
  state_ = State::handshaking;
  step_handshake();
}

void HttpConnection::step_handshake() {
  switch (session_->handshake().state) {
    case IoState::ok: return become_idle();
    case IoState::want_read: return watch(false);
    case IoState::want_write: return watch(true);
    default: break;
  }
  fail(session_->certificate_refused() ? HttpFault::tls : HttpFault::connect, "TLS: " + session_->error());
}

void HttpConnection::become_idle() {
  state_ = State::idle;
  watch(false);
  owner_.on_connected(*this);
}

void HttpConnection::watch(bool writable) {
  if (writable == watching_writable_) return;
  watching_writable_ = writable;
  epoll_event event{};
  event.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = this;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd_, &event);
}

void HttpConnection::start(std::shared_ptr<HttpExchange> exchange, HttpClock::time_point now) {
  state_ = State::busy;
  began_ = heard_ = moved_ = now;
  exchange_ = std::move(exchange);
  head_.clear();
  exchange_->write_head(head_);
  body_ = exchange_->body();
  head_sent_ = body_sent_ = 0;
  pending_.clear();
  reader_.start(reply_, *exchange_, exchange_->is_head());
  flush();
}

void HttpConnection::advance_written(std::size_t n) {
  const std::size_t of_head = std::min(n, head_.size() - head_sent_);
  head_sent_ += of_head;
  body_sent_ += n - of_head;
}

IoResult HttpConnection::write_some() {
  const auto* head = reinterpret_cast<const std::uint8_t*>(head_.data());
  if (session_ != nullptr) {
    return session_->write(head_sent_ < head_.size() ? std::span(head + head_sent_, head_.size() - head_sent_)
                                                     : body_.subspan(body_sent_));
  }
  iovec parts[2];
  parts[0] = {const_cast<std::uint8_t*>(head) + head_sent_, head_.size() - head_sent_};
  parts[1] = {const_cast<std::uint8_t*>(body_.data()) + body_sent_, body_.size() - body_sent_};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = body_.empty() ? 1 : 2;
  const ssize_t n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (n >= 0) return {IoState::ok, static_cast<std::size_t>(n)};
  return {would_block(errno) ? IoState::want_write : IoState::failed};
}

void HttpConnection::flush() {
  while (!written()) {
    const IoResult result = write_some();
    switch (result.state) {
      case IoState::ok: advance_written(result.bytes); continue;
      case IoState::want_write: return watch(true);
      case IoState::want_read: return watch(false);
      default: break;
    }
    // The server stopped reading. It may have said why (403, 503), so its reply is read before this is a failure.
    const int error = errno;
    std::uint8_t last_words[4096];
    receive(last_words);
    if (state_ == State::busy) on_broken(result, error);
    return;
  }
  watch(false);
}

void HttpConnection::on_events(std::uint32_t events, std::span<std::uint8_t> scratch, HttpClock::time_point now) {
  moved_ = now;
  switch (state_) {
    case State::connecting: return on_connect_event();
    case State::handshaking: return step_handshake();
    case State::idle: return hear_idle(scratch);
    case State::dead: return;
    case State::busy: break;
  }
  if ((events & EPOLLOUT) != 0 && !written()) flush();
  if (state_ == State::busy && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(scratch);
}

/// Servers of TLS 1.3 send session tickets after the handshake. All else means that the connection is of no more use.
void HttpConnection::hear_idle(std::span<std::uint8_t> scratch) {
  if (session_ != nullptr && read_some(scratch).state == IoState::want_read) return;
  fail(HttpFault::stale, "the server closed an idle connection");
}

IoResult HttpConnection::read_some(std::span<std::uint8_t> into) {
  if (session_ != nullptr) return session_->read(into);
  const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
  if (n > 0) return {IoState::ok, static_cast<std::size_t>(n)};
  if (n == 0) return {IoState::closed};
  return {would_block(errno) ? IoState::want_read : IoState::failed};
}

void HttpConnection::receive(std::span<std::uint8_t> scratch) {
  std::size_t total = 0;
  while (true) {
    const std::span<std::uint8_t> rest = reader_.rest();
    const bool direct = rest.size() >= k_direct_min;
    const std::span<std::uint8_t> into = direct ? rest.first(std::min(rest.size(), k_bytes_per_event)) : scratch;
    const IoResult result = read_some(into);
    if (result.state == IoState::want_read) return;
    if (result.state == IoState::want_write) return watch(true);
    if (result.state != IoState::ok) {
      if (reader_.end()) return finish();
      return on_broken(result, errno);
    }
    if (heard_ == began_) heard_ = moved_;
    if (direct) {
      reader_.received(result.bytes);
    } else if (!take(into.first(result.bytes))) {
      return;
    }
    if (reader_.done()) return finish();
    total += result.bytes;
    // A plain socket tells again what is left; TLS may hold decoded bytes that epoll does not know of.
    if (session_ == nullptr && (result.bytes < into.size() || total >= k_bytes_per_event)) return;
  }
}

bool HttpConnection::take(std::span<const std::uint8_t> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!pending_.empty()) {
    pending_.append(text);
    text = pending_;
  }
  const Result<std::size_t> used = reader_.feed(text);
  if (!used.ok()) {
    fail(HttpFault::protocol, used.status().text());
    return false;
  }
  text.remove_prefix(*used);
  std::string rest(text);
  pending_ = std::move(rest);
  return true;
}

void HttpConnection::finish() {
  // Bytes behind the reply, or a request that was not sent in full: this connection cannot carry another.
  const bool reusable = reply_.keep_alive && pending_.empty() && written();
  HttpReply reply = std::move(reply_);
  const std::shared_ptr<HttpExchange> exchange = std::move(exchange_);
  used_ = true;
  state_ = reusable ? State::idle : State::dead;
  if (!reusable) close_socket();
  owner_.on_finished(*this, exchange, reply);
}

void HttpConnection::on_broken(const IoResult& result, int error) {
  const bool silent_end = !reader_.started();
  std::string text = result.state == IoState::closed ? "the server closed the connection"
                     : session_ != nullptr           ? "TLS: " + session_->error()
                                                     : std::string(std::strerror(error));
  if (!silent_end && reader_.missing() > 0) {
    text += " with " + std::to_string(reader_.missing()) + " bytes of the reply missing";
  }
  fail(used_ && silent_end ? HttpFault::stale : HttpFault::reset, std::move(text));
}

void HttpConnection::fail(HttpFault fault, std::string text) { close({fault, std::move(text)}); }

void HttpConnection::close(const HttpFailure& failure) {
  if (state_ == State::dead) return;
  state_ = State::dead;
  close_socket();
  owner_.on_dead(*this, std::move(exchange_), failure);
}

}  // namespace shoal::data
