#include "api/testing/test_daemon.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "api/demand.h"
#include "shell/cluster_folder.h"
#include "shell/daemon.h"
#include "shell/machine.h"

namespace shoal::testing {
namespace {

std::string make_scratch() {
  std::string path = (std::filesystem::temp_directory_path() / "shoal-test-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no folder for a daemon can be made at " + path);
  return path;
}

shell::Daemon::Options daemon_options(const SessionOptions& node) {
  return {.total = to_resources("test", {.num_cpus = node.num_cpus,
                                         .num_gpus = static_cast<double>(node.num_gpus),
                                         .memory = node.memory,
                                         .resources = node.resources}),
          .labels = node.labels,
          .host = shell::host_name(),
          .store = {
              .capacity_bytes = node.object_store_memory == 0 ? shell::default_store_bytes() : node.object_store_memory,
              .spill_folder = node.spill_dir}};
}

}  // namespace

struct TestDaemon::State {
  explicit State(const SessionOptions& node)
      : scratch(make_scratch()),
        folder(shell::ClusterFolder::take(shell::user_folder(scratch), "test").value_or_throw()),
        daemon(daemon_options(node), folder) {
    folder.open().throw_if_error();
  }

  const std::string scratch;
  const shell::ClusterFolder folder;
  shell::Daemon daemon;
};

TestDaemon::TestDaemon(const SessionOptions& node) : state_(std::make_unique<State>(node)) {}

TestDaemon::~TestDaemon() {
  const std::string scratch = state_->scratch;
  state_.reset();
  std::filesystem::remove_all(scratch);
}

shell::StoreStation& TestDaemon::store() { return state_->daemon.store(); }

const std::string& TestDaemon::address() const { return state_->folder.path(); }

}  // namespace shoal::testing
