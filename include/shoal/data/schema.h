#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::data::inline v1 {

/// One column: its name and its type in words, e.g. "int64", "string", "tensor<uint8>[28, 28]" ("?" where the shape
/// varies from row to row).
struct Field {
  std::string name{};
  std::string type{};
  friend bool operator==(const Field&, const Field&) = default;
};

/// The columns of a dataset, in order. A value.
class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}

  const std::vector<Field>& fields() const { return fields_; }
  std::vector<std::string> names() const;
  /// The column of this name; null where there is none.
  const Field* find(std::string_view name) const;
  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::vector<Field> fields_;
};

/// One column a line: "name: type".
std::ostream& operator<<(std::ostream& out, const Schema& schema);

}  // namespace shoal::data::inline v1
