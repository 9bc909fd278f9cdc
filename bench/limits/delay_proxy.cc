// A TCP proxy that holds every answer back by a fixed time: what a store in another building looks like. One thread,
// one epoll loop; requests pass at once, each piece of an answer leaves DELAY_MS after it came.
//
//   delay_proxy UPSTREAM_PORT DELAY_MS      prints the port it listens on (127.0.0.1), ends when standard input closes
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

namespace {

using Clock = std::chrono::steady_clock;

struct Pair {
  int client = -1, server = -1;
};
struct Held {
  Clock::time_point due;
  int client;
  std::string bytes;
};

void write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);  // blocking sockets: answers are small beside the buffers
    if (sent <= 0) return;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

int dial(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  return fd;
}

class Proxy {
 public:
  Proxy(int upstream, int delay_ms) : upstream_(upstream), delay_(delay_ms) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 1024);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    for (const int fd : {listener_, timer_, 0}) watch(fd);
  }

  void run() {
    for (;;) {
      epoll_event events[128];
      const int ready = epoll_wait(epoll_, events, 128, -1);
      for (int i = 0; i < ready; ++i) {
        const int fd = events[i].data.fd;
        if (fd == 0) return;
        if (fd == listener_) accept_one();
        else if (fd == timer_) release();
        else forward(fd);
      }
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_one() {
    const int client = accept(listener_, nullptr, nullptr);
    const int server = dial(upstream_);
    if (client < 0 || server < 0) return;
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto pair = std::make_shared<Pair>(Pair{client, server});
    pairs_[client] = pair;
    pairs_[server] = pair;
    watch(client);
    watch(server);
  }

  void forward(int fd) {
    const auto found = pairs_.find(fd);
    if (found == pairs_.end()) return;
    const auto pair = found->second;
    static char buffer[1 << 18];
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size <= 0) {
      close_pair(*pair);
    } else if (fd == pair->client) {
      write_all(pair->server, buffer, static_cast<std::size_t>(size));
    } else {
      held_.push_back({Clock::now() + delay_, pair->client, std::string(buffer, static_cast<std::size_t>(size))});
      if (held_.size() == 1) arm();
    }
  }

  void close_pair(const Pair& pair) {
    const int client = pair.client, server = pair.server;
    for (Held& held : held_) {
      if (held.client == client) held.client = -1;
    }
    pairs_.erase(client);
    pairs_.erase(server);
    close(client);
    close(server);
  }

  void arm() {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(held_.front().due - Clock::now()).count();
    itimerspec when{};
    when.it_value.tv_nsec = left > 1 ? left : 1;
    timerfd_settime(timer_, 0, &when, nullptr);
  }

  void release() {
    std::uint64_t fired;
    if (read(timer_, &fired, sizeof fired) < 0) return;
    while (!held_.empty() && held_.front().due <= Clock::now()) {
      if (held_.front().client >= 0)
        write_all(held_.front().client, held_.front().bytes.data(), held_.front().bytes.size());
      held_.pop_front();
    }
    if (!held_.empty()) arm();
  }

  int upstream_;
  std::chrono::milliseconds delay_;
  int epoll_ = epoll_create1(0), listener_ = -1, timer_ = -1;
  std::unordered_map<int, std::shared_ptr<Pair>> pairs_;
  std::deque<Held> held_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: delay_proxy UPSTREAM_PORT DELAY_MS\n");
    return 2;
  }
  Proxy(std::atoi(argv[1]), std::atoi(argv[2])).run();
}
