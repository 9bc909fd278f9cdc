#include <fmt/format.h>
#include <shoal/api/session.h>
#include <shoal/base/error.h>
#include <shoal/base/log.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "api/current_session.h"
#include "api/demand.h"
#include "shell/machine.h"
#include "shell/running_call.h"

namespace shoal {
namespace {

std::atomic<shell::Embedded*> current{nullptr};

}  // namespace

void set_current_session(shell::Embedded* embedded) { current.store(embedded); }

bool has_session() { return current.load() != nullptr; }

shell::OwnerStation& home_of_this_thread() {
  if (const shell::RunningCall* const call = shell::RunningCall::of_this_thread()) return call->home();
  shell::Embedded* const embedded = current.load();
  if (embedded == nullptr) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          "there is no session: make one at the begin of main() and let it live there: "
                          "shoal::Session session(argc, argv);");
  }
  return embedded->driver();
}

inline namespace v1 {
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
  const std::string processes = variable("SHOAL_PROCESSES");
  if (options.processes != 0 || (!processes.empty() && processes != "0")) {
    throw Unsupported(
        ErrorCode::unsupported,
        "session: worker processes (.processes in the options, or SHOAL_PROCESSES) arrive with the daemon; "
        "leave them out to run in threads of this process");
  }
}

shell::Embedded::Options embedded_options(const SessionOptions& options) {
  const shell::Machine machine = shell::read_machine();
  shell::Embedded::Options embedded;
  embedded.host = shell::host_name();
  embedded.labels = options.labels;
  embedded.total = to_resources(
      "session", {.num_cpus = options.num_cpus == 0 ? machine.cpus : options.num_cpus,
                  .num_gpus = static_cast<double>(options.num_gpus),
                  .memory = options.memory == 0 ? static_cast<std::uint64_t>(machine.memory) : options.memory,
                  .resources = options.resources});
  embedded.encode_messages = options.encode_messages || variable("SHOAL_ENCODE_MESSAGES") == "1";
  return embedded;
}

}  // namespace

struct Session::State {
  explicit State(const SessionOptions& options) : embedded(embedded_options(options)) {}
  std::string engine{};
  shell::Embedded embedded;
};

Session::Session(SessionOptions options) {
  refuse_what_is_not_there(options);
  if (has_session()) {
    throw InvalidArgument(
        ErrorCode::invalid_argument,
        "session: this process has one already; end it first, or use that one: there is one at a time");
  }
  state_ = std::make_unique<State>(options);
  const double cpus = options.num_cpus == 0 ? shell::read_machine().cpus : options.num_cpus;
  state_->engine = fmt::format("embedded: {:g} CPUs in threads of this process, as no cluster was named", cpus);
  set_current_session(&state_->embedded);
  log::debug("session: {}", state_->engine);
}

Session::Session(int, char**, SessionOptions options) : Session(std::move(options)) {}

// Tasks that still run may use the session until the last of them has ended.
Session::~Session() {
  state_.reset();
  set_current_session(nullptr);
}

const std::string& Session::engine() const { return state_->engine; }

void init(int, char**) {}

}  // namespace v1
}  // namespace shoal
