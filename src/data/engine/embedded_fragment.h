#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "data/engine/fragment_run.h"

namespace shoal::data {

/// A fragment that runs in this process. Opens lazily.
class FragmentRunner final : public FragmentRun {
 public:
  struct World {
    std::int64_t block_bytes = 0;
    bool limited = false;
    arrow::MemoryPool* pool = nullptr;
    StorageClients* storage = nullptr;
    arrow::MemoryPool* last_pool = nullptr;  ///< StepContext::last_pool of what comes last.
  };
  FragmentRunner(const FragmentSpec& spec, std::vector<Rows> inputs, const World& world);

  /// Exceptions of user code come out as errors, here and in next().
  Status prepare() override;
  Result<Rows> next(WorkerState* worker) override;
  bool at_end() const override;
  void close() override;
  void cancel() override { stop_.request_stop(); }
  bool cancelled() const override { return stop_.stop_requested(); }
  FragmentStats stats() const override;

 private:
  Status open(WorkerState* worker);
  Result<Rows> pull();

  std::shared_ptr<const Pipeline> pipeline_;  // null once closed: what user code captured is gone by then
  std::vector<Rows> inputs_;
  std::int64_t to_skip_;
  std::stop_source stop_;
  FragmentStats stats_;
  StepContext context_;
  std::optional<StepContext> last_;  // of what makes the columns that leave it
  std::unique_ptr<Stream> stream_;
};

}  // namespace shoal::data
