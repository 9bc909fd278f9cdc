#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/error.h>

#include "owner/core.h"
#include "sim/cluster/ledger.h"
#include "sim/cluster/program.h"
#include "sim/random.h"
#include "sim/world/process.h"
#include "sim/world/world.h"

namespace shoal::sim::cluster {

/// What the driver got for a reference.
struct Observation {
  std::optional<std::uint64_t> number;
  ErrorCode error = ErrorCode::ok;
};

/// A driver or a worker: an owner core whose functions are the scripts of a program, one op at a moment of virtual time.
/// A script that must wait keeps its place, and may run what it waits for itself.
class ScriptHost final : public Process {
 public:
  struct Options {
    ProcessId self;
    ProcessId node;
    Time op_ns_max = 20'000;
    bool claims = false;     ///< Runs in its own place what it waits for.
    std::uint64_t seed = 0;  ///< Of a driver: what it begins with.
    std::int64_t stream_bytes = owner::k_stream_bytes;
  };
  using Templates = std::vector<std::shared_ptr<const wire::TaskTemplate>>;
  ScriptHost(World& world, const Program& program, const Templates& templates, Ledger& ledger, const Options& options);
  ~ScriptHost() override;

  /// Runs script 0, in the driver; again when it is done.
  void begin_driver();
  bool driver_is_done() const { return driver_is_done_; }
  /// By the register that was asked for.
  const std::map<Register, Observation>& observed() const { return observed_; }
  const owner::Core& core() const { return core_; }
  /// What no core may do to a script. Empty = nothing.
  const std::string& error() const { return error_; }

  void on_message(ProcessId from, wire::Message message) override;
  void on_process_died(ProcessId process, const std::string& cause) override;
  void on_time(Time now) override;
  std::optional<Time> next_time() const override;
  void take_messages(std::vector<wire::Envelope>& into) override;

 private:
  class Activity;

  void settle();
  void start(owner::Execution execution);
  void run_one_op(Activity& activity);
  void block(Activity& activity);
  void lend(const Activity& activity);
  bool try_claim(Activity& activity);
  void finish(Activity& activity);
  void release(owner::Object* object);

  void op_put(Activity& activity, const Op& op);
  void op_submit(Activity& activity, const Op& op);
  bool op_get(Activity& activity, const Op& op);
  bool op_yield(Activity& activity, const Op& op);
  bool op_next(Activity& activity, const Op& op);
  bool op_end(Activity& activity, const Op& op);
  void wait_for_stream(Activity& activity, owner::Object& stream);
  void fail(Activity& activity, Register out, const owner::Object& object);
  bool op_wait(Activity& activity, const std::vector<Register>& registers, std::size_t needed);

  World& world_;
  const Program& program_;
  const Templates& templates_;
  Ledger& ledger_;
  const Options options_;
  Random random_;
  owner::Core core_;
  std::vector<std::unique_ptr<Activity>> activities_;  // the last one runs, the others wait under it
  std::optional<Time> run_at_;
  bool lends_ = false;  // core_.waits() was the last word
  std::map<Register, Observation> observed_;
  bool driver_is_done_ = false;
  std::string error_;
};

}  // namespace shoal::sim::cluster
