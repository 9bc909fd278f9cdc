#include "data/engine/embedded.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "data/engine/embedded_core.h"
#include "data/engine/worker_processes.h"
#include "data/io/object_store.h"
#include "data/memory/memory_pool.h"

namespace shoal::data {
namespace {

class EmbeddedEngine final : public Engine {
 public:
  EmbeddedEngine(const EmbeddedOptions& options, std::shared_ptr<EmbeddedCore> core,
                 std::unique_ptr<LocalSession> session, bool isolates_workers)
      : resources_(options.resources),
        isolates_workers_(isolates_workers),
        budget_(options.resources.memory),
        session_(std::move(session)),
        core_(std::move(core)) {
    core_->begin(*session_);
  }
  ~EmbeddedEngine() override { core_->shut_down(); }

  Capabilities capabilities() const override { return {.isolates_workers = isolates_workers_}; }
  Resources total_resources() const override { return resources_; }

  void submit(FragmentSpec spec) override { core_->submit(std::move(spec)); }
  void grant(FragmentId fragment, std::int64_t bytes) override { core_->grant(fragment, bytes); }
  void cancel(FragmentId fragment) override { core_->cancel(fragment); }
  void create_actor(ActorId actor, std::shared_ptr<const Pipeline> pipeline) override {
    core_->create_actor(actor, std::move(pipeline));
  }
  void kill_actor(ActorId actor) override { core_->kill_actor(actor); }
  void poll(std::vector<EngineEvent>& into) override { core_->poll(into); }
  void set_wakeup(std::function<void()> wakeup) override { core_->set_wakeup(std::move(wakeup)); }

  BlockInfo put(Rows rows) override { return core_->blocks().put(std::move(rows)); }
  Result<Rows> get(BlockId block) override { return core_->blocks().get(block); }
  void drop(BlockId block) override { core_->blocks().drop(block); }
  std::vector<std::string> locate(BlockId /*block*/) const override { return {"local"}; }

 private:
  const Resources resources_;
  const bool isolates_workers_;
  const PoolBudget budget_;
  const std::unique_ptr<LocalSession> session_;
  const std::shared_ptr<EmbeddedCore> core_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_embedded_engine(const EmbeddedOptions& options) {
  const FragmentRunner::World world{options.block_bytes, options.limited,
                                    options.pool ? options.pool : counted_memory_pool(),
                                    options.storage ? options.storage : &process_storage_clients()};
  // As many processes as there are CPUs work at once, and each keeps pages of its own.
  const auto kept_bytes = static_cast<std::int64_t>(static_cast<double>(options.resources.memory) /
                                                    std::max(1.0, options.resources.cpus));
  auto processes = WorkerProcesses::of_session(
      {.block_bytes = options.block_bytes, .limited = options.limited, .kept_bytes = kept_bytes});
  const bool isolates_workers = processes != nullptr;
  auto core = std::make_shared<EmbeddedCore>(world, std::move(processes));
  const auto on_end = [weak = std::weak_ptr(core)](const Status& why) {
    if (const auto alive = weak.lock()) alive->lose_session(why);
  };
  SHOAL_ASSIGN_OR_RETURN(
      auto session,
      LocalSession::open({.num_cpus = options.resources.cpus, .num_gpus = options.resources.gpus, .on_end = on_end}));
  return std::unique_ptr<Engine>(
      std::make_unique<EmbeddedEngine>(options, std::move(core), std::move(session), isolates_workers));
}

}  // namespace shoal::data
