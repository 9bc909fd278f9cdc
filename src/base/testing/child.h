#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>

namespace shoal::testing {

/// A child process of a test: runs `body` with both its outputs in a pipe and ends with what it returns. Make it while
/// the test has no other thread.
class Child {
 public:
  explicit Child(const std::function<int()>& body) {
    int ends[2];
    if (pipe(ends) != 0) return;
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      close(ends[0]);
      close(ends[1]);
      _exit(run(body));
    }
    close(ends[1]);
    output_fd_ = ends[0];
  }

  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (output_fd_ >= 0) close(output_fd_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const { ::kill(pid_, signal); }

  /// Waits until the child has written `text`; false where it ended without.
  bool wait_for(const std::string& text) {
    while (output_.find(text) == std::string::npos) {
      if (!read_more()) return false;
    }
    return true;
  }

  /// Waits for the end; what waitpid says.
  int wait() {
    while (read_more()) {}
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

  /// What it wrote so far.
  const std::string& output() const { return output_; }

 private:
  /// Nothing of the test goes on in the child, whatever `body` throws: it ends as a program would.
  static int run(const std::function<int()>& body) noexcept { return body(); }

  bool read_more() {
    char bytes[512];
    ssize_t count = 0;
    do { count = read(output_fd_, bytes, sizeof bytes); } while (count < 0 && errno == EINTR);
    if (count <= 0) return false;
    output_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  pid_t pid_ = -1;
  int output_fd_ = -1;
  std::string output_;
};

}  // namespace shoal::testing
