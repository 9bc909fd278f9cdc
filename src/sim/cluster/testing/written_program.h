#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/cluster/program.h"

/// Programs that a test writes down, op by op.
namespace shoal::sim::cluster {

/// Script 0 and `tasks` scripts with one result each and nothing in it. Shape 1 contains one value of shape 0.
inline Program program_of(std::size_t tasks) {
  Program program{.scripts = std::vector<Script>(tasks + 1), .shapes = {{}, {0}}};
  for (std::size_t index = 1; index <= tasks; ++index) {
    program.scripts[index].returns = {{}};
    program.scripts[index].result_shapes = {0};
  }
  return program;
}

inline Op put(Register out, std::uint64_t k, std::vector<Register> refs = {}) {
  return {.kind = OpKind::put, .k = k, .refs = std::move(refs), .outs = {out}};
}

inline Op submit(Register out, std::uint32_t script, std::vector<Register> values = {},
                 std::vector<Register> refs = {}) {
  return {.kind = OpKind::submit,
          .k = 9,
          .values = std::move(values),
          .refs = std::move(refs),
          .outs = {out},
          .script = script};
}

inline Op get(Register in, std::vector<Register> outs = {}) {
  return {.kind = OpKind::get, .in = in, .outs = std::move(outs)};
}

inline Op on(OpKind kind, Register in = 0) { return {.kind = kind, .in = in}; }

}  // namespace shoal::sim::cluster
