#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <shoal/base/bytes.h>

namespace shoal::inline v1 {

/// What this program shows of what its worker processes write: each line with the task's name and the process.
enum class WorkerOutput : std::uint8_t {
  folded_on_terminals,  ///< All of it; but on a terminal what several processes write alike is shown once, with a count.
  all,
  folded,
  nothing,  ///< See it in the files of SHOAL_LOG_DIR.
};

/// What a session is made of. All may be left out.
struct SessionOptions {
  /// Of a cluster to join, which `shoal start` started: its folder, or "auto" for the only one of this user. Default
  /// SHOAL_ADDRESS, where `processes` is not set. What follows describes a node of the program's own.
  std::string address{};
  /// Worker processes of a node of this program's own; default SHOAL_PROCESSES, 0 = threads of this process.
  int processes = 0;
  WorkerOutput worker_output = WorkerOutput::folded_on_terminals;
  /// The part of the machine's memory that tasks in worker processes leave free: with less, the one that began last of those
  /// that are tried again is ended with its process. 0 = the system decides.
  double memory_reserve = 0.05;
  double num_cpus = 0;                        ///< That tasks may take at once; 0 = `processes`, or the machine's.
  int num_gpus = 0;                           ///< May be pretended: tasks get indices, nothing looks for devices.
  std::uint64_t memory = 0;                   ///< Bytes that tasks may ask for; 0 = the machine's.
  std::map<std::string, double> resources{};  ///< Of kinds of your own: {{"license", 2}}.
  std::map<std::string, std::string> labels{};
  /// With worker processes: bytes of memory that values of 64 KiB and more take at most; 0 = 30 % of the machine's, less where
  /// less is free. What has no room goes to `spill_dir` while nobody reads it.
  std::uint64_t object_store_memory = 0;
  std::string spill_dir{};  ///< Made where it is missing; default: the system's folder for temporary files.
  /// Encodes and decodes whatever one task passes to another, as between processes, so that a test finds what would not
  /// work there. Default: SHOAL_ENCODE_MESSAGES=1.
  bool encode_messages = false;
};

/// The connection of a program to what runs its tasks; one at a time in a process. What is submitted, put or spawned belongs
/// to it and ends with it: what has not started is dropped, what runs is told (is_cancelled()) and waited for.
/// Make it at the begin of main() and let it live there:
///
///     int main(int argc, char** argv) {
///       shoal::Session session(argc, argv);
///       std::cout << shoal::get(shoal::submit([](int x) { return x + 1; }, 41)) << '\n';
///     }
///
/// It runs tasks in threads of this process (*embedded*): nothing has to be started, and nothing keeps a crash of a task from
/// the program. With `processes` they run in worker processes: this program started again, in which the session's constructor
/// does not return. With `address` these are the workers of a daemon, which shares one machine among several programs; when
/// the daemon is gone, what waits throws Unavailable. Joining throws NotFound where no daemon runs, InvalidArgument where it
/// could be several, SchemaMismatch where it runs another build, PermissionDenied where it is not this user's, or has another
/// token.
class Session {
 public:
  explicit Session(SessionOptions options = {});
  /// The arguments of main(): a worker process gets the same.
  Session(int argc, char** argv, SessionOptions options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What runs the tasks, and why: "embedded: 8 CPUs in threads of this process".
  const std::string& engine() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// For programs that do something before they make their session: the first line of main(). A worker process does not get
/// further.
void init(int argc, char** argv);

}  // namespace shoal::inline v1
