#include "control/death.h"

#include <fmt/format.h>

#include <utility>

namespace shoal::control {
namespace {

std::string name_of(const ActorId& actor, const std::string& name) {
  return name.empty() ? fmt::format("actor {}", to_string(actor))
                      : fmt::format("actor \"{}\" ({})", name, to_string(actor));
}

wire::FailurePtr failure(ErrorCode code, const ActorRecord& record, std::string text) {
  wire::Failure failure;
  failure.code = code;
  failure.text = std::move(text);
  failure.process = record.life.process;
  if (record.spec != nullptr) failure.task = record.spec->constructor.name;
  return std::make_shared<const wire::Failure>(std::move(failure));
}

}  // namespace

wire::FailurePtr death_by_kill(const ActorId& actor, const ActorRecord& record, const std::string& cause) {
  return failure(ErrorCode::actor_died, record, fmt::format("{} was killed: {}", name_of(actor, record.name), cause));
}

wire::FailurePtr death_by_loss(const ActorId& actor, const ActorRecord& record, const std::string& cause) {
  const std::uint32_t used = record.life.incarnation - 1;
  return failure(ErrorCode::actor_died, record,
                 used == 0 ? fmt::format("{} lost its process, and may not be restarted (max_restarts is 0): {}",
                                         name_of(actor, record.name), cause)
                           : fmt::format("{} lost its process after all of its {} restarts: {}",
                                         name_of(actor, record.name), used, cause));
}

wire::FailurePtr death_of_creator(const ActorId& actor, const ActorRecord& record, const std::string& cause) {
  return failure(ErrorCode::actor_died, record,
                 fmt::format("{} ended with its creator {}; create it detached if it is to outlive that: {}",
                             name_of(actor, record.name), to_string(actor.owner), cause));
}

wire::FailurePtr death_by_taken_name(const ActorId& actor, const std::string& name, const ActorId& holder) {
  return failure(ErrorCode::already_exists, {},
                 fmt::format("{} was not created: {} lives under that name; find it, or create with get_if_exists",
                             name_of(actor, name), to_string(holder)));
}

wire::FailurePtr death_by_fault(const ActorId& actor, const ActorRecord& record, const std::string& fault) {
  return failure(ErrorCode::invalid_argument, record,
                 fmt::format("{} was not created: {}", name_of(actor, record.name), fault));
}

wire::FailurePtr death_by_want(const ActorId& actor, const ActorRecord& record, const std::string& why) {
  return failure(ErrorCode::infeasible, record,
                 fmt::format("no node can host {}: {}", name_of(actor, record.name), why));
}

wire::FailurePtr death_long_ago(const ActorId& actor) {
  return failure(ErrorCode::actor_died, {}, fmt::format("actor {} never existed or is long gone", to_string(actor)));
}

}  // namespace shoal::control
