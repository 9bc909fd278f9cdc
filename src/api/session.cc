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

#include "api/current_session.h"
#include "api/demand.h"
#include "shell/embedded.h"
#include "shell/machine.h"
#include "shell/private_node.h"
#include "shell/program.h"
#include "shell/running_call.h"
#include "shell/worker_process.h"

namespace shoal {
namespace {

std::atomic<shell::OwnerStation*> current{nullptr};
std::atomic<shell::PrivateNode*> current_node{nullptr};

}  // namespace

void set_current_session(shell::OwnerStation* driver) { current.store(driver); }

shell::PrivateNode* node_of_session() { return current_node.load(); }

void set_node_of_session(shell::PrivateNode* node) { current_node.store(node); }

bool has_session() { return current.load() != nullptr; }

shell::OwnerStation& home_of_this_thread() {
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
  const shell::RunningCall* const call = shell::RunningCall::of_this_thread();
  shell::OwnerStation* const home = call != nullptr ? &call->home() : current.load();
  return home == nullptr ? nullptr : home->large_memory();
}

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void refuse_what_is_not_there(const SessionOptions& options) {
  if (const std::string address = options.address.empty() ? variable("SHOAL_ADDRESS") : options.address;
      !address.empty()) {
    throw Unsupported(
        ErrorCode::unsupported,
        fmt::format("session: joining a cluster (address \"{}\", from the options or SHOAL_ADDRESS) arrives "
                    "with the daemon; leave it out to run in threads of this process",
                    address));
  }
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
};

Session::Session(SessionOptions options) {
  work_if_worker();
  refuse_what_is_not_there(options);
  if (has_session()) {
    throw InvalidArgument(
        ErrorCode::invalid_argument,
        "session: this process has one already; end it first, or use that one: there is one at a time");
  }
  const int processes = processes_of(options);
  const double own = processes > 0 ? processes : shell::read_machine().cpus;
  const double cpus = options.num_cpus == 0 ? own : options.num_cpus;
  const wire::Resources total = total_of(options, cpus);
  state_ = std::make_unique<State>();
  if (processes > 0) {
    state_->node = std::make_unique<shell::PrivateNode>(node_options_of(options, total));
    state_->engine = fmt::format("a node of this program's own: {:g} CPUs in worker processes, as was asked for", cpus);
    set_current_session(&state_->node->driver());
    set_node_of_session(state_->node.get());
  } else {
    const bool encodes = options.encode_messages || variable("SHOAL_ENCODE_MESSAGES") == "1";
    state_->embedded = std::make_unique<shell::Embedded>(
        shell::Embedded::Options{total, options.labels, shell::host_name(), encodes});
    state_->engine = fmt::format("embedded: {:g} CPUs in threads of this process, as no cluster was named", cpus);
    set_current_session(&state_->embedded->driver());
  }
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
