#pragma once

#include <shoal/wire/payload.h>

#include <exception>

namespace shoal {

/// An exception as a value, for those who carry errors of other processes in values of their own: its type's name, its text,
/// and itself where its type travels.
Payload exception_to_payload(const std::exception_ptr& thrown);
/// What raise() throws for it, with the text that it had. Throws CorruptData.
std::exception_ptr exception_of_payload(const Payload& payload);

}  // namespace shoal
