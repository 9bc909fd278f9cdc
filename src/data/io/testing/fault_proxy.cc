#include "data/io/testing/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <thread>
#include <utility>

#include "base/thread_safety.h"
#include "data/io/testing/loopback.h"

namespace shoal::data {
namespace {

using Clock = std::chrono::steady_clock;

/// A header's value in a head, or nothing. `name` is lower-case.
std::string_view header_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(),
                                 [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
    if (!same) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

/// Size of a chunked body, its end included; 0 while it is not complete.
std::size_t chunked_size(std::string_view body) {
  std::size_t at = 0;
  while (true) {
    const std::size_t line = body.find("\r\n", at);
    if (line == std::string_view::npos) return 0;
    std::size_t size = 0;
    std::from_chars(body.data() + at, body.data() + line, size, 16);
    at = line + 2 + size + 2;
    if (size == 0) {  // trailers, of which MinIO sends none, and the empty line
      return at <= body.size() ? at : 0;
    }
    if (at > body.size()) return 0;
  }
}

}  // namespace

std::size_t http_message_size(std::string_view bytes, bool is_reply, bool no_body) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::string_view head = bytes.substr(0, end + 2);
  std::size_t size = end + 4;
  if (no_body || (is_reply && (head.substr(9, 3) == "204" || head.substr(9, 3) == "304"))) return size;
  if (header_of(head, "transfer-encoding") == "chunked") {
    const std::size_t body = chunked_size(bytes.substr(size));
    return body == 0 ? 0 : size + body;
  }
  const std::string_view length = header_of(head, "content-length");
  std::size_t body = 0;
  std::from_chars(length.data(), length.data() + length.size(), body);
  size += body;
  return bytes.size() >= size ? size : 0;
}

Fault Fault::status(int status, std::string_view code, int retry_after_s) {
  const std::string body = "<?xml version=\"1.0\"?><Error><Code>" + std::string(code) +
                           "</Code><Message>injected</Message><RequestId>fault-1</RequestId></Error>";
  Fault fault;
  fault.kind = Kind::answer;
  fault.reply = "HTTP/1.1 " + std::to_string(status) + " Injected\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\nx-amz-request-id: fault-1\r\n";
  if (retry_after_s >= 0) fault.reply += "Retry-After: " + std::to_string(retry_after_s) + "\r\n";
  fault.reply += "\r\n" + body;
  return fault;
}

Fault Fault::on(std::string_view on_method, std::string_view on_target) const {
  Fault fault = *this;
  fault.method = on_method;
  fault.target = on_target;
  return fault;
}

Fault Fault::repeated(int count) const {
  Fault fault = *this;
  fault.times = count;
  return fault;
}

Fault Fault::after(int passing) const {
  Fault fault = *this;
  fault.skip = passing;
  return fault;
}

namespace {

struct Pair;

/// One end of a pair of connections.
struct Side {
  int fd = -1;
  Pair* pair = nullptr;
  std::string in;   // received and not yet handled
  std::string out;  // to be sent
};

/// A client's connection and the one to the server that belongs to it.
struct Pair {
  std::uint64_t id = 0;
  Side client, upstream;
  bool waiting = false;  // for the server's reply
  bool head_only = false;
  bool close_after = false;
  bool ended = false;
  bool has_fault = false;
  Fault fault;
};

/// A reply that is kept back.
struct LaterReply {
  std::uint64_t pair = 0;
  std::string reply;
  bool close_after = false;
  bool reset = false;
};

/// Half of the body is cut off.
std::string without_half(std::string reply) {
  const std::size_t body = reply.find("\r\n\r\n") + 4;
  reply.resize(body + (reply.size() - body) / 2);
  return reply;
}

std::string with_other_etag(std::string reply) {
  const std::string_view etag = header_of(std::string_view(reply).substr(0, reply.find("\r\n\r\n") + 2), "etag");
  for (std::size_t i = 1; i + 1 < etag.size(); ++i) {
    char& c = reply[static_cast<std::size_t>(etag.data() - reply.data()) + i];
    c = c == '0' ? '1' : '0';
  }
  return reply;
}

}  // namespace

/// The proxy's thread, and what other threads tell it.
class FaultProxy::Loop {
 public:
  explicit Loop(int upstream_port) : upstream_port_(upstream_port) {}
  ~Loop();
  Status start();

  int port() const { return port_; }
  void plan(const Fault& fault);
  int planned() const;
  int injected() const;
  bool wait_until_injected(int count, std::chrono::milliseconds limit) const;
  void set_latency(std::chrono::milliseconds latency);
  void record(bool on);
  std::vector<std::string> heads() const;

 private:
  void run();
  void accept_all();
  void on_event(Side& side, std::uint32_t events);
  void on_request(Pair& pair);
  void on_reply(Pair& pair);
  void hit(Pair& pair, std::string reply);
  void deliver(Pair& pair, LaterReply reply);
  void send(Side& side, std::string_view bytes);
  void flush(Side& side);
  void end(Pair& pair, bool reset);
  bool pick_fault(std::string_view head, Fault& fault) EXCLUDES(mutex_);
  void run_timers();
  int wait_ms() const;
  bool watch(Side& side);

  const int upstream_port_;
  int port_ = 0;
  int listen_fd_ = -1, epoll_fd_ = -1, wake_fd_ = -1;

  mutable Mutex mutex_;
  mutable CondVar hit_;
  std::vector<Fault> faults_ GUARDED_BY(mutex_);
  int planned_ GUARDED_BY(mutex_) = 0;
  int injected_ GUARDED_BY(mutex_) = 0;
  std::chrono::milliseconds latency_ GUARDED_BY(mutex_){0};
  bool recording_ GUARDED_BY(mutex_) = false;
  std::vector<std::string> heads_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  // The thread's own.
  std::map<std::uint64_t, std::unique_ptr<Pair>> pairs_;
  std::vector<std::unique_ptr<Pair>> ended_;
  std::multimap<Clock::time_point, LaterReply> later_;
  std::uint64_t next_pair_ = 1;
  std::thread thread_;
};

Status FaultProxy::Loop::start() {
  listen_fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  epoll_event listening{};
  listening.events = EPOLLIN;
  epoll_event waking{};
  waking.events = EPOLLIN;
  waking.data.ptr = &wake_fd_;
  if (::bind(listen_fd_, raw, size) != 0 || ::listen(listen_fd_, 1024) != 0 ||
      ::getsockname(listen_fd_, raw, &size) != 0 ||
      ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, listen_fd_, &listening) != 0 ||
      ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &waking) != 0) {
    return Status(ErrorCode::io, std::string("the fault proxy: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
  return Status();
}

FaultProxy::Loop::~Loop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_fd_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  for (auto& [id, pair] : pairs_) {
    ::close(pair->client.fd);
    ::close(pair->upstream.fd);
  }
  for (const int fd : {listen_fd_, epoll_fd_, wake_fd_}) ::close(fd);
}

void FaultProxy::Loop::plan(const Fault& fault) {
  const Lock lock(mutex_);
  faults_.push_back(fault);
  planned_ += fault.times == Fault::k_always ? 1 : fault.times;
}

int FaultProxy::Loop::planned() const {
  const Lock lock(mutex_);
  return planned_;
}

int FaultProxy::Loop::injected() const {
  const Lock lock(mutex_);
  return injected_;
}

bool FaultProxy::Loop::wait_until_injected(int count, std::chrono::milliseconds limit) const {
  Lock lock(mutex_);
  const Clock::time_point end = Clock::now() + limit;
  while (injected_ < count && hit_.wait_until(lock, end)) {}
  return injected_ >= count;
}

void FaultProxy::Loop::set_latency(std::chrono::milliseconds latency) {
  const Lock lock(mutex_);
  latency_ = latency;
}

void FaultProxy::Loop::record(bool on) {
  const Lock lock(mutex_);
  recording_ = on;
}

std::vector<std::string> FaultProxy::Loop::heads() const {
  const Lock lock(mutex_);
  return heads_;
}

bool FaultProxy::Loop::pick_fault(std::string_view head, Fault& picked) {
  const Lock lock(mutex_);
  if (recording_) heads_.emplace_back(head);
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::string_view method = line.substr(0, line.find(' '));
  for (Fault& fault : faults_) {
    const bool matches = (fault.method.empty() || fault.method == method) &&
                         (fault.target.empty() || line.find(fault.target) != std::string_view::npos);
    if (!matches || fault.times == 0) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    --fault.times;
    ++injected_;
    hit_.notify_all();
    picked = fault;
    return true;
  }
  return false;
}

void FaultProxy::Loop::run() {
  std::array<epoll_event, 128> events;
  while (true) {
    {
      const Lock lock(mutex_);
      if (stopping_) return;
    }
    const int count = ::epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), wait_ms());
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) accept_all();
      else if (events[i].data.ptr != &wake_fd_) on_event(*static_cast<Side*>(events[i].data.ptr), events[i].events);
    }
    run_timers();
    ended_.clear();
  }
}

bool FaultProxy::Loop::watch(Side& side) {
  const int on = 1;
  ::setsockopt(side.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &side;
  return ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, side.fd, &event) == 0;
}

void FaultProxy::Loop::accept_all() {
  while (true) {
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto pair = std::make_unique<Pair>();
    pair->id = next_pair_++;
    pair->client.fd = fd;
    pair->client.pair = pair->upstream.pair = pair.get();
    pair->upstream.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in server = loopback(upstream_port_);
    const bool up = ::connect(pair->upstream.fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0 &&
                    watch(pair->client) && watch(pair->upstream);
    Pair& added = *pair;
    pairs_.emplace(added.id, std::move(pair));
    if (!up) end(added, true);
  }
}

void FaultProxy::Loop::on_event(Side& side, std::uint32_t events) {
  Pair& pair = *side.pair;
  if (pair.ended) return;
  if ((events & EPOLLOUT) != 0) flush(side);
  if (pair.ended || (events & ~EPOLLOUT) == 0) return;
  char bytes[64 * 1024];
  const ssize_t n = ::recv(side.fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return end(pair, n < 0);
  side.in.append(bytes, static_cast<std::size_t>(n));
  if (&side == &pair.client) {
    on_request(pair);
  } else {
    on_reply(pair);
  }
}

void FaultProxy::Loop::on_request(Pair& pair) {
  if (pair.waiting) return;
  const std::size_t size = http_message_size(pair.client.in, false, false);
  if (size == 0) return;
  const std::string request = pair.client.in.substr(0, size);
  pair.client.in.erase(0, size);
  pair.waiting = true;
  pair.head_only = request.starts_with("HEAD ");
  pair.has_fault = pick_fault(std::string_view(request).substr(0, request.find("\r\n\r\n") + 2), pair.fault);
  if (pair.has_fault && pair.fault.kind == Fault::Kind::reset_before) return end(pair, true);
  if (pair.has_fault && pair.fault.kind == Fault::Kind::answer) {
    std::string reply = pair.fault.reply;
    const std::size_t head = reply.find("\r\n\r\n") + 2;
    const bool has_length = !header_of(std::string_view(reply).substr(0, head), "content-length").empty();
    if (pair.head_only) reply.resize(head + 2);
    return deliver(pair, {pair.id, std::move(reply), !has_length && !pair.head_only, false});
  }
  send(pair.upstream, request);
}

void FaultProxy::Loop::on_reply(Pair& pair) {
  const std::size_t size = http_message_size(pair.upstream.in, true, pair.head_only);
  if (size == 0) return;
  std::string reply = pair.upstream.in.substr(0, size);
  pair.upstream.in.erase(0, size);
  if (pair.has_fault) return hit(pair, std::move(reply));
  deliver(pair, {pair.id, std::move(reply), false, false});
}

void FaultProxy::Loop::hit(Pair& pair, std::string reply) {
  switch (pair.fault.kind) {
    case Fault::Kind::lost_reply: return end(pair, true);
    case Fault::Kind::cut_body: return deliver(pair, {pair.id, without_half(std::move(reply)), true, false});
    case Fault::Kind::reset_body: return deliver(pair, {pair.id, without_half(std::move(reply)), true, true});
    case Fault::Kind::other_etag: return deliver(pair, {pair.id, with_other_etag(std::move(reply)), false, false});
    case Fault::Kind::stall: return;
    default: return deliver(pair, {pair.id, std::move(reply), false, false});
  }
}

/// Sends the reply now, or when its latency is over.
void FaultProxy::Loop::deliver(Pair& pair, LaterReply reply) {
  std::chrono::milliseconds latency;
  {
    const Lock lock(mutex_);
    latency = latency_;
  }
  if (latency.count() > 0) {
    later_.emplace(Clock::now() + latency, std::move(reply));
    return;
  }
  pair.waiting = false;
  pair.has_fault = false;
  send(pair.client, reply.reply);
  if (pair.ended) return;
  if (reply.close_after) return end(pair, reply.reset);
  on_request(pair);
}

void FaultProxy::Loop::run_timers() {
  while (!later_.empty() && later_.begin()->first <= Clock::now()) {
    LaterReply reply = std::move(later_.begin()->second);
    later_.erase(later_.begin());
    const auto found = pairs_.find(reply.pair);
    if (found == pairs_.end()) continue;
    Pair& pair = *found->second;
    pair.waiting = false;
    pair.has_fault = false;
    send(pair.client, reply.reply);
    if (!pair.ended && reply.close_after) end(pair, reply.reset);
    if (!pair.ended) on_request(pair);
  }
}

int FaultProxy::Loop::wait_ms() const {
  if (later_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(later_.begin()->first - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void FaultProxy::Loop::send(Side& side, std::string_view bytes) {
  side.out.append(bytes);
  flush(side);
}

void FaultProxy::Loop::flush(Side& side) {
  while (!side.out.empty()) {
    const ssize_t n = ::send(side.fd, side.out.data(), side.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) return end(*side.pair, true);
    if (n < 0) break;
    side.out.erase(0, static_cast<std::size_t>(n));
  }
  epoll_event event{};
  event.events = side.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
  event.data.ptr = &side;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, side.fd, &event);
}

void FaultProxy::Loop::end(Pair& pair, bool reset) {
  if (pair.ended) return;
  pair.ended = true;
  if (reset) {
    const linger now{1, 0};
    ::setsockopt(pair.client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(pair.client.fd);
  ::close(pair.upstream.fd);
  const auto found = pairs_.find(pair.id);
  ended_.push_back(std::move(found->second));  // events of this round may still name it
  pairs_.erase(found);
}

FaultProxy::FaultProxy(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
FaultProxy::~FaultProxy() = default;

Result<std::unique_ptr<FaultProxy>> FaultProxy::start(int upstream_port) {
  auto loop = std::make_unique<Loop>(upstream_port);
  SHOAL_RETURN_IF_ERROR(loop->start());
  return std::unique_ptr<FaultProxy>(new FaultProxy(std::move(loop)));
}

std::string FaultProxy::endpoint() const { return "http://127.0.0.1:" + std::to_string(port()); }
int FaultProxy::port() const { return loop_->port(); }
void FaultProxy::plan(const Fault& fault) { loop_->plan(fault); }
int FaultProxy::planned() const { return loop_->planned(); }
int FaultProxy::injected() const { return loop_->injected(); }
bool FaultProxy::wait_until_injected(int count, std::chrono::milliseconds limit) const {
  return loop_->wait_until_injected(count, limit);
}
void FaultProxy::set_latency(std::chrono::milliseconds latency) { loop_->set_latency(latency); }
void FaultProxy::record(bool on) { loop_->record(on); }
std::vector<std::string> FaultProxy::heads() const { return loop_->heads(); }

}  // namespace shoal::data
