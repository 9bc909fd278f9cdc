#include <fmt/format.h>
#include <shoal/api/arguments.h>
#include <shoal/api/session.h>
#include <shoal/base/error.h>
#include <shoal/base/log.h>

#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "api/at_home.h"
#include "api/current_session.h"
#include "api/demand.h"
#include "shell/cluster_folder.h"
#include "shell/embedded.h"
#include "shell/joined.h"
#include "shell/machine.h"
#include "shell/private_node.h"
#include "shell/program.h"
#include "shell/running_call.h"
#include "shell/worker_process.h"

namespace shoal {
namespace {

std::atomic<shell::OwnerStation*> current{nullptr};
std::atomic<shell::PrivateNode*> current_node{nullptr};
thread_local shell::OwnerStation* chosen = nullptr;  // by an AtHome

}  // namespace

void set_current_session(shell::OwnerStation* driver) { current.store(driver); }

shell::PrivateNode* node_of_session() { return current_node.load(); }

void set_node_of_session(shell::PrivateNode* node) { current_node.store(node); }

bool has_session() { return current.load() != nullptr; }

AtHome::AtHome(shell::OwnerStation& home) : before_(std::exchange(chosen, &home)) {}

AtHome::~AtHome() { chosen = before_; }

shell::OwnerStation* home_with_worker_processes() {
  if (shell::RunningCall::of_this_thread() == nullptr && !has_session()) return nullptr;
  shell::OwnerStation& home = home_of_this_thread();
  return home.runs_tasks_in_this_process() ? nullptr : &home;
}

shell::OwnerStation& home_of_this_thread() {
  if (chosen != nullptr) return *chosen;
  if (const shell::RunningCall* const call = shell::RunningCall::of_this_thread()) return call->home();
  shell::OwnerStation* const driver = current.load();
  if (driver == nullptr) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          "there is no session: make one at the begin of main() and let it live there: "
                          "shoal::Session session(argc, argv);");
  }
  return *driver;
}

inline namespace v1 {

LargeMemory* detail::large_memory() {
  const bool has_home = chosen != nullptr || shell::RunningCall::of_this_thread() != nullptr || has_session();
  return has_home ? home_of_this_thread().large_memory() : nullptr;
}

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool describes_a_node(const SessionOptions& options) {
  return options.num_cpus != 0 || options.num_gpus != 0 || options.memory != 0 || !options.resources.empty() ||
         !options.labels.empty();
}

/// Of a cluster to join; empty for none. What the program says itself counts before the environment.
std::string address_of(const SessionOptions& options) {
  if (!options.address.empty() && (options.processes != 0 || describes_a_node(options))) {
    throw InvalidArgument(
        ErrorCode::invalid_argument,
        fmt::format("session: the options name a cluster to join, \"{}\", and describe a node of this "
                    "program's own; leave out either",
                    options.address));
  }
  if (!options.address.empty()) return options.address;
  const std::string address = options.processes == 0 ? variable("SHOAL_ADDRESS") : "";
  if (!address.empty() && describes_a_node(options)) {
    log::info("session: SHOAL_ADDRESS is {}, so what the program says of a node of its own does not count", address);
  }
  return address;
}

/// Worker processes that the options or SHOAL_PROCESSES ask for; 0 = none.
int processes_of(const SessionOptions& options) {
  if (options.processes != 0) return options.processes;
  const std::string text = variable("SHOAL_PROCESSES");
  int processes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), processes);
  if (!text.empty() && (error != std::errc() || end != text.data() + text.size() || processes < 0)) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          fmt::format("session: SHOAL_PROCESSES is \"{}\"; it is the number of worker processes, or 0 "
                                      "for threads of this process",
                                      text));
  }
  return processes;
}

/// A process that was started as a worker does not get further.
void work_if_worker() {
  if (shell::WorkerEnds ends = shell::take_worker_ends(); ends.channel.is_open()) shell::run_worker(std::move(ends));
}

wire::Resources total_of(const SessionOptions& options, double cpus) {
  return to_resources(
      "session",
      {.num_cpus = cpus,
       .num_gpus = static_cast<double>(options.num_gpus),
       .memory = options.memory == 0 ? static_cast<std::uint64_t>(shell::read_machine().memory) : options.memory,
       .resources = options.resources});
}

shell::Showing showing_of(WorkerOutput output) {
  switch (output) {
    case WorkerOutput::folded_on_terminals: return shell::Showing::folded_on_terminals;
    case WorkerOutput::all: return shell::Showing::all;
    case WorkerOutput::folded: return shell::Showing::folded;
    case WorkerOutput::nothing: return shell::Showing::nothing;
  }
  return shell::Showing::all;
}

shell::PrivateNode::Options node_options_of(const SessionOptions& options, const wire::Resources& total) {
  const std::uint64_t store_bytes = options.object_store_memory;
  return {.total = total,
          .labels = options.labels,
          .host = shell::host_name(),
          .output = showing_of(options.worker_output),
          .memory_reserve = options.memory_reserve,
          .log_folder = variable("SHOAL_LOG_DIR"),
          .store = {.capacity_bytes = store_bytes == 0 ? shell::default_store_bytes() : store_bytes,
                    .spill_folder = options.spill_dir}};
}

}  // namespace

struct Session::State {
  std::string engine{};
  std::unique_ptr<shell::Embedded> embedded{};
  std::unique_ptr<shell::PrivateNode> node{};
  std::unique_ptr<shell::Joined> joined{};

  /// Returns the driver.
  shell::OwnerStation& join(const std::string& address);
  shell::OwnerStation& begin(const SessionOptions& options);
};

shell::OwnerStation& Session::State::join(const std::string& address) {
  const auto cluster = shell::find_cluster(address, shell::user_folder()).value_or_throw();
  joined = shell::Joined::join(cluster).value_or_throw();
  engine = fmt::format("the cluster in {}: {:g} CPUs, of a daemon that other programs may use, too", cluster.folder,
                       static_cast<double>(joined->driver().node_total().cpu) / wire::k_one);
  return joined->driver();
}

shell::OwnerStation& Session::State::begin(const SessionOptions& options) {
  const int processes = processes_of(options);
  const double own = processes > 0 ? processes : shell::read_machine().cpus;
  const double cpus = options.num_cpus == 0 ? own : options.num_cpus;
  const wire::Resources total = total_of(options, cpus);
  if (processes > 0) {
    node = std::make_unique<shell::PrivateNode>(node_options_of(options, total));
    set_node_of_session(node.get());
    engine = fmt::format("a node of this program's own: {:g} CPUs in worker processes, as was asked for", cpus);
    return node->driver();
  }
  const bool encodes = options.encode_messages || variable("SHOAL_ENCODE_MESSAGES") == "1";
  embedded = std::make_unique<shell::Embedded>(
      shell::Embedded::Options{total, options.labels, shell::host_name(), encodes});
  engine = fmt::format("embedded: {:g} CPUs in threads of this process, as no cluster was named", cpus);
  return embedded->driver();
}

Session::Session(SessionOptions options) {
  work_if_worker();
  if (has_session()) {
    throw InvalidArgument(
        ErrorCode::invalid_argument,
        "session: this process has one already; end it first, or use that one: there is one at a time");
  }
  state_ = std::make_unique<State>();
  const std::string address = address_of(options);
  set_current_session(address.empty() ? &state_->begin(options) : &state_->join(address));
  log::debug("session: {}", state_->engine);
}

Session::Session(int, char**, SessionOptions options) : Session(std::move(options)) {}

// Tasks that still run may use the session until the last of them has ended.
Session::~Session() {
  set_node_of_session(nullptr);
  state_.reset();
  set_current_session(nullptr);
}

const std::string& Session::engine() const { return state_->engine; }

void init(int, char**) { work_if_worker(); }

}  // namespace v1
}  // namespace shoal
