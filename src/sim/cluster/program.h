#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <shoal/wire/payload.h>

#include "wire/task.h"

/// Random programs for the whole runtime: what they are, what they mean, and what runs them in a world.
namespace shoal::sim::cluster {

/// A place in a script that holds a reference, or nothing yet, or nothing any more.
using Register = std::uint32_t;
/// What a value looks like: how many references are in it and what is behind them. An index into Program::shapes.
using Shape = std::uint32_t;

enum class OpKind : std::uint8_t {
  put,     ///< outs[0] = a value of this process that contains the references `refs`.
  submit,  ///< outs = the results of `script` with the values of `values` and the references `refs`.
  get,     ///< Waits for in, takes its value into account; outs = the references in it. A task fails with what failed.
  settle,  ///< Waits until in is ready, whatever it is.
  wait,    ///< Waits until `k` of `refs` are ready.
  drop,    ///< Lets go of in.
  cancel,  ///< Of a task that this script submitted, and all that it submitted; in is one of its results.
  fail,    ///< Throws; where `k` is not 0, in attempts before that one only.
  yield,   ///< Of a stream: gives a value that contains the references `refs`.
  next,    ///< outs[0] = the next item of the stream in. A task fails with what the stream failed with.
  end,     ///< Waits for the end of the stream in, all of whose items were taken.
};

struct Op {
  OpKind kind{};
  std::uint64_t k = 0;  ///< Goes into the value, or the arguments, so that equal scripts differ.
  Register in = 0;
  std::vector<Register> values = {};
  std::vector<Register> refs = {};
  std::vector<Register> outs = {};
  std::uint32_t script = 0;
  friend bool operator==(const Op&, const Op&) = default;
};

/// A function. It begins with the references in its values (where it `opens` them) and then those it was given, in
/// registers 0, 1, ...; it ends with one value per entry of `returns`, which contains those references.
struct Script {
  std::vector<Shape> values = {};
  std::vector<Shape> refs = {};
  bool opens = false;
  std::vector<Op> ops = {};
  std::vector<std::vector<Register>> returns = {};
  std::vector<Shape> result_shapes = {};
  bool stream = false;  ///< Gives items; its one result is its end, which only `next`, `end`, `cancel` and `drop` use.
  std::int32_t retries = 0;
  std::int32_t priority = 0;
  std::uint32_t cpus = 1;
  std::uint32_t padding = 0;  ///< Bytes more in each value that it makes.
  friend bool operator==(const Script&, const Script&) = default;
};

/// A plain value. Script 0 is what the driver runs, which goes on after errors; the others are tasks.
struct Program {
  std::vector<Script> scripts;
  std::vector<std::vector<Shape>> shapes = {};  ///< Of the references in a value; shape 0 has none.
  std::uint32_t machines = 1;
  std::uint32_t workers = 1;  ///< CPUs of a machine.
  std::uint32_t drivers = 1;  ///< Each runs all of it.
  std::uint32_t kills = 0;    ///< Workers that may die.
  std::uint32_t losses = 0;   ///< Machines that die with all that runs there; another comes for each.
  friend bool operator==(const Program&, const Program&) = default;

  /// Tasks that it runs where nothing fails.
  std::uint64_t tasks() const;
};

/// The same seed gives the same program.
Program make_program(std::uint64_t seed);
/// Why it is none: a register that holds nothing, a shape that does not fit. Empty = it is one.
std::string fault_of(const Program& program);
std::string to_string(const Program& program);

/// The attempts of such a script that throw where a later one does not; 0 = none. It is tried again after exceptions.
std::uint64_t attempts_that_throw(const Script& script);

/// What functions make of numbers.
std::uint64_t combine(std::uint64_t a, std::uint64_t b);

/// A value of a program: a number, the attempt that made it, and references.
Payload to_value(std::uint64_t number, std::uint32_t padding, std::vector<ObjectId> refs, std::uint32_t attempt = 0);
/// In the place of the attempt: items of several attempts make one stream.
inline constexpr std::uint32_t k_item = UINT32_MAX;
/// Its number; 0 where the bytes are not what to_value() wrote.
std::uint64_t number_of(const Payload& value);
/// Precondition: number_of() is not 0.
std::uint32_t attempt_of(const Payload& value);

/// What the runtime needs to know of each script, in the order of the scripts.
std::vector<std::shared_ptr<const wire::TaskTemplate>> templates_of(const Program& program);

}  // namespace shoal::sim::cluster
