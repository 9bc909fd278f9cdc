#pragma once

#include <string>

#include "wire/message.h"

namespace shoal::wire {

/// For traces, with the names of all members: "PushTask{task=n1.2/t5, attempt=0, ...}". What is long is shortened, see
/// limits.h.
std::string to_string(const Message& message);

}  // namespace shoal::wire
