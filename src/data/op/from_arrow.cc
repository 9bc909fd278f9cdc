#include "data/op/from_arrow.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "data/io/arrow_status.h"
#include "data/op/row_source.h"
#include "data/op/ship.h"
#include "data/rows/block_bytes.h"
#include "data/rows/ipc.h"
#include "data/rows/plain_text.h"

namespace shoal::data {
namespace {

Result<std::int64_t> row_bytes_of(const arrow::Table& table) {
  std::int64_t bytes = 0;
  arrow::TableBatchReader reader(table);
  Rows rows;
  while (true) {
    SHOAL_RETURN_IF_ERROR(from_arrow(reader.ReadNext(&rows)));
    if (rows == nullptr) return bytes / std::max<std::int64_t>(1, table.num_rows());
    bytes += block_bytes(rows);
  }
}

/// A table, and what is known of it.
struct TableSpec {
  std::shared_ptr<arrow::Table> table;
  SchemaPtr schema;  // of the rows it gives
  std::int64_t row_bytes = 0;
  std::optional<int> parallelism;
  std::string name;
};

class TableSource final : public RowSource {
 public:
  TableSource(const RowCuts& cuts, std::shared_ptr<const TableSpec> spec) : RowSource(cuts), spec_(std::move(spec)) {}

  std::string label() const override { return spec_->name; }
  /// With its own rows alone.
  Result<Shipped<Source>> ship() const override {
    RowCuts cut = cuts();
    const std::shared_ptr<arrow::Table> rows = spec_->table->Slice(cut.rows.begin, cut.rows.size());
    SHOAL_ASSIGN_OR_RETURN(const SharedBytes bytes, to_ipc(*rows, arrow::default_memory_pool()));
    cut.rows = {0, cut.rows.size()};
    return ship_as<TableSource>(cut, bytes, spec_->name);
  }
  static Result<std::shared_ptr<const Source>> remake(const RowCuts& cuts, const SharedBytes& bytes,
                                                      const std::string& name) {
    SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Table> table, from_ipc(bytes, arrow::default_memory_pool()));
    if (cuts.rows != RowRange{0, table->num_rows()}) {
      return Status(ErrorCode::corrupt_data, name + ": the table has other rows than were sent");
    }
    SchemaPtr schema = plain_schema(*table->schema());
    return std::shared_ptr<const Source>(std::make_shared<TableSource>(
        cuts, std::make_shared<const TableSpec>(
                  TableSpec{std::move(table), std::move(schema), cuts.row_bytes, cuts.parallelism, name})));
  }

 protected:
  Result<Rows> make_rows(RowRange rows, arrow::MemoryPool* pool) const override {
    const std::shared_ptr<arrow::Table> slice = spec_->table->Slice(rows.begin, rows.size());
    // Gives rows up to the next end of a chunk in any column, so nothing is copied.
    arrow::TableBatchReader reader(*slice);
    Rows out;
    SHOAL_RETURN_IF_ERROR(from_arrow(reader.ReadNext(&out)));
    return to_plain(out, spec_->schema, pool);
  }

 private:
  const std::shared_ptr<const TableSpec> spec_;
};

class TableNode final : public RowSourceNode {
 public:
  TableNode(RowRange rows, std::shared_ptr<const TableSpec> spec) : RowSourceNode(rows), spec_(std::move(spec)) {}

  std::string describe() const override {
    const std::int64_t all = spec_->table->num_rows();
    return fmt::format("{}({} rows{})", spec_->name, all, describe_window(all));
  }
  std::shared_ptr<const Source> source() const override {
    return std::make_shared<TableSource>(RowCuts{rows(), spec_->row_bytes, spec_->parallelism}, spec_);
  }
  SchemaPtr known_schema(const SchemaPtr&) const override { return spec_->schema; }

 protected:
  NodePtr with_rows(RowRange rows) const override { return std::make_shared<TableNode>(rows, spec_); }

 private:
  const std::shared_ptr<const TableSpec> spec_;
};

}  // namespace

Result<NodePtr> make_from_arrow(std::shared_ptr<arrow::Table> table, std::optional<int> parallelism, std::string name) {
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
  SHOAL_ASSIGN_OR_RETURN(const std::int64_t row_bytes, row_bytes_of(*table));
  SchemaPtr schema = plain_schema(*table->schema());
  return NodePtr(std::make_shared<TableNode>(
      rows, std::make_shared<const TableSpec>(
                TableSpec{std::move(table), std::move(schema), row_bytes, parallelism, std::move(name)})));
}

}  // namespace shoal::data
