// Our side of the benchmark lines of channels between processes: two processes with a SocketChannel each, and messages of
// about 64 bytes with what a session adds to them.
//
//   bench_channels sync one|two N    microseconds for a message there and back, both on one core or each on its own
//   bench_channels async N           messages a second, 64 in each send()
//
// Prints one JSON line.
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "measure.h"
#include "net/socket_channel.h"

namespace {

using namespace shoal;
using namespace shoal::net;

void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

/// One end, with a count of what it sent and received.
class End {
 public:
  explicit End(int fd, std::uint32_t peer) : channel_(Fd(fd), 1, Role::worker, identity(peer)) {}

  void send(std::uint64_t count) {
    for (; count > 0; --count) {
      Frame& frame = frames_.emplace_back();
      frame.header = {.kind = FrameKind::message, .sequence = ++sent_, .acknowledged = received_};
      auto& done = frame.message.emplace<wire::TaskDone>();
      done.task = {{1, 2}, sent_};
      done.result = Payload(8);
    }
    channel_.send(frames_);
    while (channel_.is_congested()) wait();
  }
  /// Until the socket has taken all.
  void finish() {
    while (channel_.wants_write()) wait();
  }
  /// Until so many came in all.
  void receive(std::uint64_t count) {
    while (received_ < count) {
      wait();
      channel_.receive(arrivals_);
      for (const Frame& frame : arrivals_.frames) {
        if (frame.header.sequence != ++received_) std::exit(1);
      }
      if (arrivals_.broken) std::exit(1);
    }
  }

 private:
  static Identity identity(std::uint32_t n) {
    const std::array<std::uint8_t, 16> build{};
    return {.process = {1, n}, .roles = Role::worker, .program = Program::of(build).value_or_throw()};
  }
  void wait() {
    pollfd on{.fd = channel_.descriptor(), .events = POLLIN, .revents = 0};
    if (channel_.wants_write()) on.events = POLLOUT;
    poll(&on, 1, -1);
    if ((on.revents & POLLOUT) != 0) channel_.on_writable();
  }

  SocketChannel channel_;
  std::vector<Frame> frames_;
  Arrivals arrivals_;
  std::uint64_t sent_ = 0, received_ = 0;
};

constexpr std::uint64_t k_batch = 64;

void ask(End& end, std::uint64_t from, std::uint64_t count, bool in_bulk) {
  if (in_bulk) {
    for (std::uint64_t i = 0; i < count; i += k_batch) end.send(k_batch);
    return end.receive(from == 0 ? 1 : 2);
  }
  for (std::uint64_t i = 1; i <= count; ++i) {
    end.send(1);
    end.receive(from + i);
  }
}

void answer(End& end, std::uint64_t from, std::uint64_t count, bool in_bulk) {
  if (in_bulk) {
    end.receive(from + count);
    return end.send(1);
  }
  for (std::uint64_t i = 1; i <= count; ++i) {
    end.receive(from + i);
    end.send(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string line = argc > 1 ? argv[1] : "";
  const bool in_bulk = line == "async" && argc == 3;
  if (!in_bulk && !(line == "sync" && argc == 4)) {
    std::fprintf(stderr, "usage: bench_channels sync one|two N, or async N\n");
    return 2;
  }
  const bool one_core = !in_bulk && std::string(argv[2]) == "one";
  const auto count = static_cast<std::uint64_t>(std::atoll(argv[argc - 1])) / k_batch * k_batch, warm = 10 * k_batch;
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    pin(one_core ? 0 : 1);
    close(ends[0]);  // so that each sees the other's end
    End end(ends[1], 1);
    answer(end, 0, warm, in_bulk);
    answer(end, warm, count, in_bulk);
    end.finish();
    _exit(0);
  }
  pin(0);
  close(ends[1]);
  End end(ends[0], 2);
  ask(end, 0, warm, in_bulk);
  const auto start = std::chrono::steady_clock::now();
  ask(end, warm, count, in_bulk);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  waitpid(child, nullptr, 0);
  const auto ops = static_cast<double>(count);
  bench::print({in_bulk ? ops / seconds : seconds / ops * 1e6, static_cast<std::int64_t>(count)});
}
