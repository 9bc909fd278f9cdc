#pragma once

#include <string>

#include "base/status.h"

namespace arrow {
class Status;
}

namespace shoal::data {

/// Arrow's error as one of ours, "context: text" being its text. A full disk becomes `no_space`. Success stays success.
Status from_arrow_status(const arrow::Status& status, const std::string& context);

/// Declares or assigns `target` from an arrow::Result, or returns its error, with `context`, from the function.
#define SHOAL_ARROW_ASSIGN_OR_RETURN(target, expression, context) \
  SHOAL_ARROW_ASSIGN_OR_RETURN_IMPL(SHOAL_CONCAT(arrow_result_, __LINE__), target, expression, context)
#define SHOAL_ARROW_ASSIGN_OR_RETURN_IMPL(result, target, expression, context) \
  auto result = (expression);                                                  \
  if (!result.ok()) {                                                          \
    return ::shoal::data::from_arrow_status(result.status(), context);         \
  }                                                                            \
  target = std::move(result).ValueUnsafe()

}  // namespace shoal::data
