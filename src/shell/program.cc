#include "shell/program.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

namespace shoal::shell {
namespace {

constexpr const char* k_variable = "SHOAL_WORKER_CHANNEL";
constexpr int k_channel = 3;
constexpr int k_page = 4;
constexpr char k_oom_score[] = "500";
constexpr int k_above = 16;          // of all numbers that it is to have
constexpr int k_cannot_start = 127;  // as shells say it

/// What the child does before it becomes the program: nothing but system calls, since other threads may have held any lock
/// when it was made.
[[noreturn]] void become_worker(int binary, int folder, const WorkerEnds& ends, pid_t parent, char* const* arguments,
                                char* const* environment) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(k_cannot_start);  // it died before it could be said
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (folder >= 0 && ::fchdir(folder) != 0) ::_exit(k_cannot_start);
  // One may stand where another is to be.
  const int from[] = {nothing, ends.out.get(), ends.err.get(), ends.channel.get(), ends.page.get()};
  int above[std::size(from)];
  for (std::size_t i = 0; i < std::size(from); ++i) above[i] = ::fcntl(from[i], F_DUPFD_CLOEXEC, k_above);
  const int program = ::fcntl(binary, F_DUPFD_CLOEXEC, k_above);
  for (std::size_t i = 0; i < std::size(from); ++i) ::dup2(above[i], static_cast<int>(i));
  static_assert(k_channel == 3 && k_page == 4, "as they stand in `from`");
  ::syscall(SYS_close_range, k_page + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  // Where the system has no memory left, a worker ends, and not the program.
  const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  [[maybe_unused]] const auto written = ::write(score, k_oom_score, sizeof(k_oom_score) - 1);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
  ::_exit(k_cannot_start);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  std::vector<std::string> arguments;
  for (std::size_t at = 0; at < line.size(); at += arguments.back().size() + 1)
    arguments.emplace_back(line.c_str() + at);
  return arguments;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  return environment;
}

}  // namespace

std::string wait_for_end(const Child& child, int* signal) {
  siginfo_t end{};
  int waited = 0;
  do {
    waited = ::waitid(P_PIDFD, static_cast<id_t>(child.process.get()), &end, WEXITED);
  } while (waited != 0 && errno == EINTR);
  if (waited != 0) return "it ended";  // SIGCHLD is ignored, or somebody else took it away
  if (end.si_code == CLD_EXITED) return "it ended with status " + std::to_string(end.si_status);
  if (signal != nullptr) *signal = end.si_status;
  const char* const name = ::sigdescr_np(end.si_status);
  return "it was ended by signal " + std::to_string(end.si_status) +
         (name == nullptr ? "" : std::string(" (") + name + ")");
}

Invocation invocation_of_this_process() { return {own_arguments(), own_environment()}; }

Result<Program> Program::of_this_process() {
  Fd binary(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!binary.is_open()) return errno_status(errno, "open", "/proc/self/exe");
  return Program(std::move(binary), own_arguments());
}

Result<Program> Program::of_process(const PeerProcess& process, Invocation invocation) {
  SHOAL_ASSIGN_OR_RETURN(Fd binary, open_of(process, "exe", O_RDONLY));
  SHOAL_ASSIGN_OR_RETURN(Fd folder, open_of(process, "cwd", O_RDONLY | O_DIRECTORY));
  Program program(std::move(binary), std::move(invocation.arguments));
  program.environment_ = std::move(invocation.environment);
  program.folder_ = std::move(folder);
  return program;
}

Result<Child> Program::start_worker(const WorkerEnds& ends) const {
  std::vector<std::string> arguments = arguments_;
  std::vector<std::string> environment = environment_ ? *environment_ : own_environment();
  environment.push_back(std::string(k_variable) + "=" + std::to_string(k_channel));
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  const pid_t parent = ::getpid();
  Child child;
  child.pid = ::fork();
  if (child.pid == 0) become_worker(binary_.get(), folder_.get(), ends, parent, argv.data(), envp.data());
  if (child.pid < 0) return errno_status(errno, "start a worker process from", name());
  child.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.process.is_open()) {
    const int error = errno;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return errno_status(error, "watch a worker process of", name());
  }
  return child;
}

WorkerEnds take_worker_ends() {
  WorkerEnds ends;
  const char* const text = std::getenv(k_variable);
  if (text == nullptr) return ends;
  int channel = -1;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), channel);
  ::unsetenv(k_variable);
  if (error != std::errc() || channel != k_channel) return ends;
  if (::fcntl(k_channel, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(k_page, F_SETFD, FD_CLOEXEC) != 0) return ends;
  ends.channel.reset(k_channel);
  ends.page.reset(k_page);
  return ends;
}

}  // namespace shoal::shell
