#include "data/op/from_arrow.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <set>

#include "data/io/arrow_status.h"
#include "data/op/row_source.h"

namespace shoal::data {
namespace {

std::int64_t row_bytes_of(const arrow::Table& table) {
  if (table.num_rows() == 0) return 0;
  const arrow::Result<std::int64_t> referenced = arrow::util::ReferencedBufferSize(table);
  return (referenced.ok() ? *referenced : arrow::util::TotalBufferSize(table)) / table.num_rows();
}

/// The table with nulls allowed in every column, as all sources have them: a step that sets values of one may set nulls.
std::shared_ptr<arrow::Table> with_nulls_allowed(const arrow::Table& table) {
  arrow::FieldVector fields;
  for (const auto& field : table.fields()) fields.push_back(field->WithNullable(true));
  return arrow::Table::Make(arrow::schema(std::move(fields), table.schema()->metadata()), table.columns(),
                            table.num_rows());
}

class TableSource final : public RowSource {
 public:
  TableSource(RowRange rows, std::shared_ptr<arrow::Table> table, std::optional<int> parallelism, std::string name)
      : RowSource(rows, row_bytes_of(*table), parallelism), table_(std::move(table)), name_(std::move(name)) {}

  std::string label() const override { return name_; }

 protected:
  Result<Rows> make_rows(RowRange rows, arrow::MemoryPool*) const override {
    const std::shared_ptr<arrow::Table> slice = table_->Slice(rows.begin, rows.size());
    // Gives rows up to the next end of a chunk in any column, so nothing is copied.
    arrow::TableBatchReader reader(*slice);
    Rows out;
    SHOAL_RETURN_IF_ERROR(from_arrow(reader.ReadNext(&out)));
    return out;
  }

 private:
  const std::shared_ptr<arrow::Table> table_;
  const std::string name_;
};

class TableNode final : public RowSourceNode {
 public:
  TableNode(RowRange rows, std::shared_ptr<arrow::Table> table, std::optional<int> parallelism, std::string name)
      : RowSourceNode(rows), table_(std::move(table)), parallelism_(parallelism), name_(std::move(name)) {}

  std::string describe() const override {
    return fmt::format("{}({} rows{})", name_, table_->num_rows(), describe_window(table_->num_rows()));
  }
  std::shared_ptr<const Source> source() const override {
    return std::make_shared<TableSource>(rows(), table_, parallelism_, name_);
  }
  SchemaPtr known_schema(const SchemaPtr&) const override { return table_->schema(); }

 protected:
  NodePtr with_rows(RowRange rows) const override {
    return std::make_shared<TableNode>(rows, table_, parallelism_, name_);
  }

 private:
  const std::shared_ptr<arrow::Table> table_;
  const std::optional<int> parallelism_;
  const std::string name_;
};

}  // namespace

Result<NodePtr> make_from_arrow(std::shared_ptr<arrow::Table> table, std::optional<int> parallelism,
                                std::string name) {
  if (table == nullptr) return Status(ErrorCode::invalid_argument, name + ": the table is null");
  SHOAL_RETURN_IF_ERROR(check_parallelism(name, parallelism));
  if (table->num_columns() == 0) return Status(ErrorCode::invalid_argument, name + ": the table has no columns");
  SHOAL_RETURN_IF_ERROR(from_arrow(table->Validate(), ErrorCode::invalid_argument).with_context(name));
  std::set<std::string> names;
  for (const std::string& column : table->ColumnNames()) {
    if (!names.insert(column).second) {
      return Status(ErrorCode::invalid_argument,
                    fmt::format("{}: two columns are named \"{}\"; rename one of them", name, column));
    }
  }
  const RowRange rows{0, table->num_rows()};
  return NodePtr(std::make_shared<TableNode>(rows, with_nulls_allowed(*table), parallelism, std::move(name)));
}

}  // namespace shoal::data
