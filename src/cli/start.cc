#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/posix.h"
#include "cli/clusters.h"
#include "cli/node_options.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "shell/daemon.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

constexpr Option k_options[] = {
    {"--head", "", "starts the head of a cluster, on this machine"},
    {"--name", "NAME", "of the cluster, where one user has several on a machine; default \"default\""},
    {"--num-cpus", "N", "CPUs that tasks may take at once; default all of the machine's"},
    {"--num-gpus", "N", "GPUs, which may be pretended: nothing looks for devices; default 0"},
    {"--memory", "BYTES", "that tasks may ask for; default the machine's"},
    {"--resources", "JSON", "of kinds of your own: '{\"license\": 2}'"},
    {"--labels", "JSON", "of this machine: '{\"zone\": \"a\"}'"},
    {"--object-store-memory", "BYTES",
     "that large values may take; default 30 % of the machine's, less where less is free"},
    {"--spill-dir", "DIR", "where values go that have no room there; default TMPDIR, else /tmp"},
    k_temp_dir,
    {"--block", "", "stays in the foreground, and ends the cluster when it ends"},
    {"--port", "P", "not built yet: a cluster is reached from its own machine only"},
    {"--listen", "ADDRESS", "not built yet, likewise"},
};

Status check(const Arguments& arguments) {
  for (const char* const later : {"--port", "--listen"}) {
    if (arguments.has(later)) {
      return Status(ErrorCode::unsupported, std::string(later) +
                                                ": clusters of several machines are not built yet; leave "
                                                "it out for one that is reached from its own machine");
    }
  }
  if (arguments.has("--head")) return {};
  return Status(
      ErrorCode::invalid_argument,
      "say --head: this machine is to be the head of a cluster, and joining the head on another machine is not "
      "built yet");
}

/// What a daemon is to end by, it waits for (see Daemon), and a reader that is gone is no reason to.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) sigaddset(&signals, each);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
}

void point_at(int descriptor, const std::string& path, int flags) {
  const Fd file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open() || ::dup2(file.get(), descriptor) < 0) errno_status(errno, "open", path).throw_if_error();
}

/// Where it says that it is ready, or why not: nothing else is written there.
class Parent {
 public:
  explicit Parent(Fd pipe) : pipe_(std::move(pipe)) {}
  void say(const std::string& text) {
    [[maybe_unused]] const auto written = ::write(pipe_.get(), text.data(), text.size());
    pipe_.reset();
  }

 private:
  Fd pipe_;
};

constexpr std::string_view k_ready = "ready";

/// Until it is stopped. `parent`: none in the foreground.
void serve(const std::string& user_folder, const std::string& name, const shell::Daemon::Options& options,
           std::optional<Parent> parent, const std::string& welcome) {
  block_signals();
  const shell::ClusterFolder folder = shell::ClusterFolder::take(user_folder, name).value_or_throw();
  if (parent) {
    point_at(STDIN_FILENO, "/dev/null", O_RDONLY);
    for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
      point_at(output, folder.log(), O_WRONLY | O_CREAT | O_APPEND);
    }
    fs::current_path("/");
  }
  shell::Daemon daemon(options, folder);
  folder.open().throw_if_error();
  if (parent) {
    parent->say(std::string(k_ready));
  } else {
    fmt::print("{}", welcome);
    std::fflush(stdout);
  }
  const std::string signal = daemon.wait_for_stop();
  if (!parent) fmt::print("The cluster in {} ends, by {}.\n", folder.path(), signal);
}

[[noreturn]] void serve_in_background(Fd pipe, const std::string& user_folder, const std::string& name,
                                      const shell::Daemon::Options& options) {
  int status = k_done;
  const Fd kept(::fcntl(pipe.get(), F_DUPFD_CLOEXEC, 3));
  try {
    ::setsid();
    serve(user_folder, name, options, Parent(std::move(pipe)), {});
  } catch (const std::exception& failure) {
    // Where the parent has been told already nobody reads it any more.
    const std::string_view text = failure.what();
    [[maybe_unused]] const auto written = ::write(kept.get(), text.data(), text.size());
    status = k_failed;
  }
  std::fflush(nullptr);
  ::_exit(status);
}

/// All that a daemon says before it is ready, or ends.
std::string read_all(int pipe) {
  std::string text;
  std::array<char, 4096> piece;
  while (text != k_ready) {
    const ssize_t size = ::read(pipe, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::string welcome(const std::string& folder, const shell::Daemon::Options& options, bool is_named,
                    const std::string& temp) {
  const std::string how = is_named ? " --address " + folder : temp.empty() ? "" : " --temp-dir " + temp;
  return fmt::format(
      "A cluster runs in {0}: {1}; {3} for the object store.\n"
      "  listens    {0}/socket, for programs of this user on this machine\n"
      "  use it     shoal run{2} ./program, or SHOAL_ADDRESS={0} ./program\n"
      "  look       shoal status{2}, {0}/log\n"
      "  stop it    shoal stop{2}\n",
      folder, resources(options.total), how, bytes(options.store.capacity_bytes));
}

Result<int> start(const Arguments& arguments) {
  SHOAL_RETURN_IF_ERROR(check(arguments));
  SHOAL_ASSIGN_OR_RETURN(const shell::Daemon::Options options, node_options(arguments));
  const std::string temp = arguments.has("--temp-dir") ? fs::absolute(arguments.text("--temp-dir")).string() : "";
  const std::string parent_folder = shell::user_folder(temp);
  const std::string name = arguments.has("--name") ? arguments.text("--name") : shell::k_default_cluster;
  const std::string text = welcome(parent_folder + "/" + name, options, name != shell::k_default_cluster, temp);
  if (arguments.has("--block")) {
    serve(parent_folder, name, options, std::nullopt, text);
    return k_done;
  }
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status(errno, "make", "a pipe");
  Fd from(ends[0]), to(ends[1]);
  std::fflush(nullptr);
  const pid_t child = ::fork();  // no thread runs yet
  if (child < 0) return errno_status(errno, "start", "a daemon");
  if (child == 0) {
    from.reset();
    serve_in_background(std::move(to), parent_folder, name, options);
  }
  to.reset();
  const std::string said = read_all(from.get());
  if (said == k_ready) {
    fmt::print("{}", text);
    return k_done;
  }
  return Status(ErrorCode::unavailable, said.empty() ? "the daemon ended while it started" : said);
}

}  // namespace

constinit const Verb k_start{"start", "", "Starts a cluster on this machine, which programs of this user can join",
                             k_options, start};

}  // namespace shoal::cli
