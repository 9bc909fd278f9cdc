#include "api/exception_payload.h"

#include <shoal/wire/codec.h>

#include <memory>

#include "api/raise.h"
#include "shell/thrown.h"
#include "wire/failure.h"

namespace shoal {

Payload exception_to_payload(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (...) { return to_payload(shell::describe_exception()); }
}

std::exception_ptr exception_of_payload(const Payload& payload) {
  const auto failure = std::make_shared<const wire::Failure>(from_payload<wire::Failure>(payload));
  try {
    raise(failure);
  } catch (...) { return std::current_exception(); }
}

}  // namespace shoal
