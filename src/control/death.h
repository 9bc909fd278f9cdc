#pragma once

#include <shoal/base/ids.h>

#include <string>

#include "control/table/actors.h"
#include "wire/failure.h"

/// What actors die of, in the words that callers read.
namespace shoal::control {

wire::FailurePtr death_by_kill(const ActorId& actor, const ActorRecord& record, const std::string& cause);
/// No restart is left.
wire::FailurePtr death_by_loss(const ActorId& actor, const ActorRecord& record, const std::string& cause);
wire::FailurePtr death_of_creator(const ActorId& actor, const ActorRecord& record, const std::string& cause);
wire::FailurePtr death_by_taken_name(const ActorId& actor, const std::string& name, const ActorId& holder);
/// Its description is wrong; `fault` says where.
wire::FailurePtr death_by_fault(const ActorId& actor, const ActorRecord& record, const std::string& fault);
/// `why` names the nearest fit.
wire::FailurePtr death_by_want(const ActorId& actor, const ActorRecord& record, const std::string& why);
/// Of an actor that nothing is known of.
wire::FailurePtr death_long_ago(const ActorId& actor);

}  // namespace shoal::control
