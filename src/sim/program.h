#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/exec/physical.h"

namespace shoal::sim {

enum class StepKind : std::uint8_t {
  add,     ///< n + k
  keep,    ///< Only rows with n % k != 0.
  repeat,  ///< Each row n % k times.
  scale,   ///< A batch at a time: n * k.
};

struct SimStep {
  StepKind kind{};
  std::int64_t k = 1;
};

/// Fragments of an operator whose own code fails: those with ordinal % every == every - 1, in their first `times` attempts,
/// before item `item`.
struct OwnFailures {
  std::int64_t every = 0;  ///< 0 = none.
  std::int64_t item = 0;
  int times = 0;  ///< k_always: in every attempt, however many are lost with their worker.
  static constexpr int k_always = 1 << 20;
};

struct SimOperator {
  std::vector<SimStep> steps;
  double num_cpus = 1;
  double num_gpus = 0;
  int concurrency = 1 << 30;
  std::optional<data::Pool> pool;
  int retries = 0;
  bool preserve_order = true;
  int queued_blocks_max = 64;
  data::RowWindow window;
  OwnFailures failures;
};

enum class Consumer : std::uint8_t {
  normal,    ///< Asks again at once, lets go of a block before it asks for the next one.
  slow,      ///< Takes its time between blocks.
  stopping,  ///< Cancels the run after some blocks.
  hoarding,  ///< Keeps every block to the end.
  keeping,   ///< Keeps blocks for a random while.
};

/// A random program: what is run, on what, how it is consumed and what goes wrong. A plain value.
struct Program {
  std::vector<std::vector<std::int64_t>> splits;  ///< Rows of each block of each split.
  std::vector<SimOperator> operators;
  double num_cpus = 1;
  double num_gpus = 0;
  std::int64_t memory_budget = 0;
  std::int64_t block_bytes = 0;

  Consumer consumer{};
  std::int64_t stop_after = 0;  ///< Blocks, for a stopping consumer.
  int slow_percent = 0;         ///< Turns that take a thousand times longer.
  int lost_percent = 0;         ///< Turns at which the worker is lost.
  int lost_actor_percent = 0;   ///< Starts of a pool's worker that fail because it is lost.
  int pressure_percent = 0;     ///< Blocks that are far larger than what they aim at.
  bool lost_forever = false;    ///< Lost workers are not bounded by what is retried.

  /// Some fragment fails more often than it is tried again, unless a window or the consumer ends the run before.
  bool may_fail() const;
};

/// The same seed gives the same program.
Program make_program(std::uint64_t seed);

/// The program as the executor and an engine run it.
data::PhysicalPlan to_plan(const Program& program);

/// What the program means, found row by row over plain vectors, without an operator, block or window of the library.
struct Meaning {
  std::vector<std::int64_t> rows;  ///< In order, up to where it fails; where it is not `ordered`, in some order.
  bool ordered = true;
  bool fails = false;                     ///< Behind those rows a fragment fails for good; only where `ordered`.
  std::int64_t limit = data::k_all_rows;  ///< Of the unordered rows, so many are given; any.
};
Meaning interpret(const Program& program);

}  // namespace shoal::sim
