#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "data/engine/embedded_core.h"

namespace shoal::data {

/// The jobs that an embedded engine posts to its threads.

class EmbeddedCore::FragmentJob final : public shell::Job, public std::enable_shared_from_this<FragmentJob> {
 public:
  enum class State : std::uint8_t { idle, preparing, queued, running, ended };

  FragmentJob(std::shared_ptr<EmbeddedCore> core, const FragmentSpec& spec, std::vector<Rows> inputs,
              const FragmentRunner::World& world)
      : id(spec.id), runner(spec, std::move(inputs), world), core_(std::move(core)) {}
  void run() override { core_->run_fragment(shared_from_this()); }

  const FragmentId id;
  FragmentRunner runner;      // of the thread that runs or prepares the fragment
  ActorPtr actor;             // constant after submit, until the end
  State state = State::idle;  // guarded by the core's mutex, as all below
  std::int64_t credit = 0;
  bool prepare_pending = false;

 private:
  const std::shared_ptr<EmbeddedCore> core_;
};

class EmbeddedCore::ActorJob final : public shell::Job {
 public:
  ActorJob(std::shared_ptr<EmbeddedCore> core, ActorId id, ActorPtr actor)
      : core_(std::move(core)), id_(id), actor_(std::move(actor)) {}
  void run() override { core_->run_actor(id_, std::exchange(actor_, nullptr)); }

 private:
  const std::shared_ptr<EmbeddedCore> core_;
  const ActorId id_;
  ActorPtr actor_;
};

class EmbeddedCore::ChoresJob final : public shell::Job {
 public:
  explicit ChoresJob(std::shared_ptr<EmbeddedCore> core) : core_(std::move(core)) {}
  void run() override { core_->job_over(); }

 private:
  const std::shared_ptr<EmbeddedCore> core_;
};

}  // namespace shoal::data
