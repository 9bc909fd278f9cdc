#include "data/op/parquet_task.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "data/io/arrow_status.h"

namespace shoal::data {
namespace {

struct TaskColumn {
  const char* name;
  std::string ParquetTask::* text;
  std::int64_t ParquetTask::* number;
};

constexpr TaskColumn k_columns[] = {
    {"path", &ParquetTask::path, nullptr},          {"key", &ParquetTask::key, nullptr},
    {"size", nullptr, &ParquetTask::size},          {"etag", &ParquetTask::etag, nullptr},
    {"offset", nullptr, &ParquetTask::first_group}, {"length", nullptr, &ParquetTask::groups},
    {"rows", nullptr, &ParquetTask::rows},          {"footer", &ParquetTask::footer, nullptr},
};

template <class Builder, class Member>
arrow::Result<std::shared_ptr<arrow::Array>> build(const std::vector<ParquetTask>& tasks, Member member,
                                                   arrow::MemoryPool* pool) {
  Builder builder(pool);
  for (const ParquetTask& task : tasks) ARROW_RETURN_NOT_OK(builder.Append(task.*member));
  return builder.Finish();
}

}  // namespace

Result<Rows> to_rows(const std::vector<ParquetTask>& tasks, arrow::MemoryPool* pool) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const TaskColumn& column : k_columns) {
    SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array,
                           from_arrow(column.text != nullptr ? build<arrow::BinaryBuilder>(tasks, column.text, pool)
                                                             : build<arrow::Int64Builder>(tasks, column.number, pool)));
    fields.push_back(arrow::field(column.name, array->type()));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(tasks.size()),
                                  std::move(arrays));
}

std::vector<ParquetTask> to_parquet_tasks(const Rows& rows) {
  std::vector<ParquetTask> tasks(static_cast<std::size_t>(rows->num_rows()));
  int at = 0;
  for (const TaskColumn& column : k_columns) {
    const auto& array = *rows->column(at++);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (column.text != nullptr) {
        tasks[i].*column.text = static_cast<const arrow::BinaryArray&>(array).GetString(row);
      } else {
        tasks[i].*column.number = static_cast<const arrow::Int64Array&>(array).Value(row);
      }
    }
  }
  return tasks;
}

CountRead count_reads(const StepContext& context) {
  return [&context](std::int64_t bytes) {
    ++context.counters->requests;
    context.counters->bytes_read += bytes;
  };
}

}  // namespace shoal::data
