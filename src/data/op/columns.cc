#include "data/op/columns.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace shoal::data {
namespace {

constexpr std::size_t k_names_in_error = 30;  // A wide table must not make a page of an error.

}  // namespace

Result<int> column_index(const arrow::Schema& schema, const std::string& name, std::string_view step) {
  const std::vector<int> at = schema.GetAllFieldIndices(name);
  if (at.size() == 1) return at[0];
  if (at.size() > 1) {
    return Status(
        ErrorCode::schema_mismatch,
        fmt::format("{}: {} columns are named \"{}\"; rename them where they are made", step, at.size(), name));
  }
  std::vector<std::string> names = schema.field_names();
  const std::size_t left_out = names.size() - std::min(names.size(), k_names_in_error);
  names.resize(names.size() - left_out);
  return Status(ErrorCode::not_found,
                fmt::format("{}: there is no column \"{}\"; the columns are: {}{}", step, name, fmt::join(names, ", "),
                            left_out == 0 ? "" : fmt::format(" and {} more", left_out)));
}

std::vector<std::string> with_names(std::vector<std::string> names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

Status check_names(const std::vector<std::string>& names, std::string_view step) {
  if (names.empty()) return Status(ErrorCode::invalid_argument, fmt::format("{}: no column is named", step));
  for (auto it = names.begin(); it != names.end(); ++it) {
    if (std::find(names.begin(), it, *it) != it) {
      return Status(ErrorCode::invalid_argument, fmt::format("{}: column \"{}\" is named twice", step, *it));
    }
  }
  return Status();
}

}  // namespace shoal::data
