#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/posix.h"
#include "base/status.h"
#include "shell/peer_process.h"

namespace shoal::shell {

/// A process that this one started.
struct Child {
  pid_t pid = -1;
  Fd process;  ///< Refers to the process, also when its number is used again; readable once it has ended.
};

/// What a worker has of the process that starts it, beside its environment.
struct WorkerEnds {
  Fd channel;
  Fd page;      ///< See WorkerPage.
  Fd out, err;  ///< Its standard output and error.
};

/// What became of a process that has ended, for people: "it ended with status 3", "it was ended by signal 9 (Killed)". Takes
/// it away, so call it once. Waits until it has ended. `signal`: what ended it; 0 = it ended itself.
std::string wait_for_end(const Child& child, int* signal = nullptr);

/// What a process was started with, as it says itself.
struct Invocation {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< "NAME=value"
};
Invocation invocation_of_this_process();

/// A program that runs, to be started again as it was: the same binary even if the file is replaced meanwhile, the same
/// arguments.
class Program {
 public:
  /// Of this process.
  static Result<Program> of_this_process();
  /// Of another one, which is still there. Its workers have its environment and folder. Errors: those of open_of().
  static Result<Program> of_process(const PeerProcess& process, Invocation invocation);

  /// Starts it as a worker. It has nothing of this process but `ends`, its environment and folder, if it is this process's
  /// program, and a process group of its own, so that Ctrl-C on a terminal does not reach it. It is killed when the calling
  /// thread ends.
  Result<Child> start_worker(const WorkerEnds& ends) const;

  /// For people; empty where it was started without a name.
  std::string name() const { return arguments_.empty() ? std::string() : arguments_[0]; }

 private:
  Program(Fd binary, std::vector<std::string> arguments)
      : binary_(std::move(binary)), arguments_(std::move(arguments)) {}

  Fd binary_;
  std::vector<std::string> arguments_;
  std::optional<std::vector<std::string>> environment_;  // else this process's, as it is when a worker starts
  Fd folder_;                                            // else this process's
};

/// The channel and the page that this process was given where it was started as a worker, else none. Once: a second call
/// gives none, and children of this process find nothing.
WorkerEnds take_worker_ends();

}  // namespace shoal::shell
