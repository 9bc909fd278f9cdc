// The limits for channels between processes: two processes and a Unix socket, read() and write(), nothing else.
//
//   limit_socket round one|two N    microseconds for 64 bytes there and back, both on one core or each on its own
//   limit_socket poll one|two N     the same, each waiting with poll() as one does who has several sockets
//   limit_socket rate one|two N     round trips a second
//   limit_socket bulk N             messages of 64 bytes a second, 64 in each write()
//
// Prints one JSON line.
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "../measure.h"

namespace {

constexpr std::size_t k_message = 64;

void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

void read_whole(int fd, std::size_t bytes, bool polls) {
  std::vector<char> into(bytes);
  while (bytes > 0) {
    pollfd on{.fd = fd, .events = POLLIN, .revents = 0};
    if (polls) poll(&on, 1, -1);
    const ssize_t count = read(fd, into.data(), bytes);
    if (count <= 0) std::exit(1);
    bytes -= static_cast<std::size_t>(count);
  }
}

void write_whole(int fd, const std::vector<char>& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = write(fd, bytes.data() + at, bytes.size() - at);
    if (count <= 0) std::exit(1);
    at += static_cast<std::size_t>(count);
  }
}

void answer_rounds(int fd, long rounds, bool polls) {
  const std::vector<char> message(k_message);
  for (long i = 0; i < rounds; ++i) {
    read_whole(fd, k_message, polls);
    write_whole(fd, message);
  }
}

void ask_rounds(int fd, long rounds, bool polls) {
  const std::vector<char> message(k_message);
  for (long i = 0; i < rounds; ++i) {
    write_whole(fd, message);
    read_whole(fd, k_message, polls);
  }
}

void read_bulk(int fd, long messages) {
  std::vector<char> into(std::size_t{256} << 10);
  for (long left = messages * static_cast<long>(k_message); left > 0;) {
    const ssize_t count = read(fd, into.data(), into.size());
    if (count <= 0) std::exit(1);
    left -= count;
  }
  write_whole(fd, std::vector<char>(1));
}

void write_bulk(int fd, long messages) {
  const std::vector<char> batch(64 * k_message);
  for (long i = 0; i < messages / 64; ++i) write_whole(fd, batch);
  read_whole(fd, 1, false);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string line = argc > 1 ? argv[1] : "";
  const bool is_bulk = line == "bulk" && argc == 3;
  if (!is_bulk && !((line == "round" || line == "poll" || line == "rate") && argc == 4)) {
    std::fprintf(stderr, "usage: limit_socket round|poll|rate one|two N, or bulk N\n");
    return 2;
  }
  const bool one_core = !is_bulk && std::string(argv[2]) == "one";
  const long count = std::atol(argv[argc - 1]) / 64 * 64, warm = 640;
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    pin(one_core ? 0 : 1);
    close(ends[0]);  // so that each sees the other's end
    for (const long n : {warm, count}) is_bulk ? read_bulk(ends[1], n) : answer_rounds(ends[1], n, line == "poll");
    _exit(0);
  }
  pin(0);
  close(ends[1]);
  double seconds = 0;
  for (const long n : {warm, count}) {
    const auto start = std::chrono::steady_clock::now();
    is_bulk ? write_bulk(ends[0], n) : ask_rounds(ends[0], n, line == "poll");
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  waitpid(child, nullptr, 0);
  const double value = is_bulk || line == "rate" ? static_cast<double>(count) / seconds
                                                 : seconds / static_cast<double>(count) * 1e6;
  bench::print({value, count});
}
