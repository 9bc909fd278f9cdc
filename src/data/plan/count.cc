#include "data/plan/count.h"

namespace shoal::data {

Result<std::optional<std::int64_t>> count_from_metadata(const Node& plan) {
  if (const auto rows = known_rows(plan)) return rows;
  if (const auto* counts = dynamic_cast<const CountsRows*>(&plan)) {
    SHOAL_ASSIGN_OR_RETURN(const std::int64_t rows, counts->count_rows());
    return std::optional(rows);
  }
  if (plan.input() == nullptr) return std::optional<std::int64_t>();
  // Asked with a number first, so that no listing runs for a step that could not use its count.
  if (!plan.keeps_row_count() && !plan.known_rows(0)) return std::optional<std::int64_t>();
  SHOAL_ASSIGN_OR_RETURN(const auto input_rows, count_from_metadata(*plan.input()));
  return plan.keeps_row_count() ? input_rows : plan.known_rows(input_rows);
}

}  // namespace shoal::data
