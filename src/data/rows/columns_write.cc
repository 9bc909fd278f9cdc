#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <shoal/data/columns.h>

#include <algorithm>
#include <limits>

#include "base/status.h"
#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"
#include "data/rows/tensor_column.h"

namespace shoal::data::inline v1::detail {
namespace {

using BufferPtr = std::shared_ptr<arrow::ResizableBuffer>;

BufferPtr allocate(std::int64_t bytes) {
  return BufferPtr(from_arrow(arrow::AllocateResizableBuffer(bytes, column_pool())).value_or_throw());
}

void resize(const BufferPtr& buffer, std::int64_t bytes) {
  from_arrow(buffer->Resize(bytes, /*shrink_to_fit=*/false)).throw_if_error();
}

/// A bitmap of bytes that are 0 or 1.
std::shared_ptr<arrow::Buffer> pack_bits(const std::uint8_t* bytes, std::int64_t rows) {
  const BufferPtr bits = allocate((rows + 7) / 8);
  std::uint8_t* out = bits->mutable_data();
  for (std::int64_t i = 0; i < rows; i += 8) {
    unsigned byte = 0;
    for (std::int64_t k = 0; k < std::min<std::int64_t>(8, rows - i); ++k) byte |= (bytes[i + k] != 0 ? 1u : 0u) << k;
    out[i / 8] = static_cast<std::uint8_t>(byte);
  }
  return bits;
}

}  // namespace

/// What the inlined appends do not touch.
struct ColumnSink::State {
  ColumnSpec spec;
  BufferPtr values;  // numbers, booleans as bytes, or the bytes of strings
  BufferPtr offsets;
  BufferPtr validity;  // a byte a row
  std::vector<RawTensor> tensors;
  std::vector<ColumnSink> children;

  bool is_text() const {
    return spec.form == ColumnForm::scalar && (spec.type == DType::string || spec.type == DType::binary);
  }
  bool is_number() const { return spec.form == ColumnForm::scalar && !is_text(); }
  bool has_offsets() const { return is_text() || spec.form == ColumnForm::list; }
};

ColumnSink::ColumnSink(ColumnSpec spec, std::int64_t expected_rows) : state_(std::make_unique<State>()) {
  state_->spec = std::move(spec);
  const std::int64_t items = std::max<std::int64_t>(state_->spec.items, 1);
  for (const ColumnSpec& child : state_->spec.children) state_->children.emplace_back(child, expected_rows * items);
  if (state_->is_number()) state_->values = allocate(0);
  if (state_->is_text()) state_->values = allocate(0);
  if (state_->has_offsets()) state_->offsets = allocate(0);
  if (state_->spec.nullable) state_->validity = allocate(0);
  if (state_->spec.form == ColumnForm::tensor) state_->tensors.reserve(static_cast<std::size_t>(expected_rows));
  reserve(std::max<std::int64_t>(expected_rows, 1));
}

ColumnSink::ColumnSink(ColumnSink&&) noexcept = default;
ColumnSink& ColumnSink::operator=(ColumnSink&&) noexcept = default;
ColumnSink::~ColumnSink() = default;

const ColumnSpec& ColumnSink::spec() const { return state_->spec; }
ColumnSink& ColumnSink::child(std::size_t i) { return state_->children[i]; }

void ColumnSink::grow() { reserve(std::max<std::int64_t>(capacity_ * 2, 16)); }

void ColumnSink::reserve(std::int64_t rows) {
  if (state_->is_number()) {
    resize(state_->values, rows * static_cast<std::int64_t>(width(state_->spec.type)));
    values_ = state_->values->mutable_data();
  }
  if (state_->has_offsets()) {
    resize(state_->offsets, (rows + 1) * static_cast<std::int64_t>(sizeof(std::int32_t)));
    offsets_ = reinterpret_cast<std::int32_t*>(state_->offsets->mutable_data());
    offsets_[0] = 0;
  }
  if (state_->validity != nullptr) {
    resize(state_->validity, rows);
    validity_ = state_->validity->mutable_data();
  }
  capacity_ = rows;
}

void ColumnSink::grow_bytes(std::size_t bytes) {
  constexpr std::int64_t k_bytes_max = std::numeric_limits<std::int32_t>::max();
  const std::int64_t needed = bytes_ + static_cast<std::int64_t>(bytes);
  if (needed > k_bytes_max) {
    throw_error(ErrorCode::invalid_argument,
                "column '" + state_->spec.name + "' gets more than 2 GiB of text in one " +
                    "block. Put fewer rows into one: RunOptions::block_size, batch_size, or fewer items.");
  }
  bytes_capacity_ = std::min(k_bytes_max, std::max<std::int64_t>({needed, bytes_capacity_ * 2, 1024}));
  resize(state_->values, bytes_capacity_);
  values_ = state_->values->mutable_data();
}

void ColumnSink::end_list_row() {
  const std::int64_t items = state_->children[0].rows();
  if (items > std::numeric_limits<std::int32_t>::max()) {
    throw_error(ErrorCode::invalid_argument,
                "column '" + state_->spec.name + "' gets more than 2147483647 list items " +
                    "in one block. Put fewer rows into one: RunOptions::block_size, batch_size, or "
                    "fewer items.");
  }
  offsets_[++rows_] = static_cast<std::int32_t>(items);
}

void ColumnSink::tensor(RawTensor value) {
  if (rows_ == capacity_) grow();
  if (!(value.strides == value.shape.row_major_strides()) && value.shape.elements() != 0) {
    throw_not_contiguous(value.shape, value.strides);
  }
  state_->tensors.push_back(std::move(value));
  ++rows_;
}

void ColumnSink::null() {
  if (validity_ != nullptr) validity(false);
  switch (state_->spec.form) {
    case ColumnForm::scalar:
      if (state_->is_text()) return text({});
      if (rows_ == capacity_) grow();
      std::memset(static_cast<char*>(values_) + rows_ * static_cast<std::int64_t>(width(state_->spec.type)), 0,
                  width(state_->spec.type));
      ++rows_;
      return;
    case ColumnForm::tensor: return tensor(RawTensor{});
    case ColumnForm::list: return end_list();
    case ColumnForm::array:
      for (std::int64_t i = 0; i < state_->spec.items; ++i) state_->children[0].null();
      return end_structure();
    case ColumnForm::structure:
      for (ColumnSink& member : state_->children) member.null();
      return end_structure();
  }
}

namespace {

/// The tensors that are no nulls; all have one rank.
struct TensorTally {
  std::optional<Shape> first;
  bool equal = true;
  std::int64_t elements = 0;
};

/// `kept` is the shape of all rows of the input's column, if they have one. Whether a column has one shape is part of
/// its type, so a function keeps it in every row or in none: the type would differ from block to block else.
TensorTally tally(const std::vector<RawTensor>& tensors, const std::uint8_t* validity, const std::string& column,
                  const std::optional<Shape>& kept) {
  TensorTally tally;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (validity != nullptr && validity[i] == 0) continue;
    const Shape& shape = tensors[i].shape;
    if (!tally.first) tally.first = shape;
    const bool same_rank = shape.rank() == tally.first->rank();
    if (!same_rank || (kept && (shape == *kept) != (*tally.first == *kept))) {
      throw_error(ErrorCode::schema_mismatch,
                  "the tensors of column '" + column + "' have shape " + tally.first->to_string() + " in one row and " +
                      shape.to_string() + " in another. " +
                      (same_rank ? "The column has one shape in the input: keep it in all rows, or give the new "
                                   "tensors a column of their own."
                                 : "Give all rows the same number of dimensions."));
    }
    tally.equal = tally.equal && shape == *tally.first;
    tally.elements += shape.elements();
  }
  return tally;
}

/// Whether the tensors are the rows of `array` as they lie there.
bool are_rows_of(const std::vector<RawTensor>& tensors, const arrow::Array& array, DType type) {
  if (array.length() != static_cast<std::int64_t>(tensors.size()) || array.null_count() != 0) return false;
  const Result<TensorMemory> memory = open_tensor_array(array);
  if (!memory.ok() || dtype_of_arrow(*memory.value().type.element) != type) return false;
  const TensorMemory& m = memory.value();
  const auto bytes = static_cast<std::int64_t>(width(type));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const std::int64_t first = m.type.row_shape ? row * m.type.row_shape->elements() : m.offsets[row];
    if (tensors[i].data != m.values + first * bytes) return false;
    if (m.type.row_shape) {
      if (!(tensors[i].shape == *m.type.row_shape)) return false;
      continue;
    }
    if (tensors[i].shape.rank() != m.type.rank) return false;
    for (std::size_t d = 0; d < m.type.rank; ++d) {
      if (tensors[i].shape[d] != m.shapes[i * m.type.rank + d]) return false;
    }
  }
  return true;
}

std::shared_ptr<arrow::Array> with_validity(const std::shared_ptr<arrow::Array>& array, const std::uint8_t* validity) {
  if (validity == nullptr) return array;
  const std::shared_ptr<arrow::ArrayData> data = array->data()->Copy();
  data->buffers[0] = pack_bits(validity, data->length);
  data->null_count = arrow::kUnknownNullCount;
  return arrow::MakeArray(data);
}

std::shared_ptr<arrow::Array> copy_fixed(const std::vector<RawTensor>& tensors, const Shape& shape, DType type) {
  const auto row_bytes = static_cast<std::size_t>(shape.elements()) * width(type);
  const BufferPtr values = allocate(static_cast<std::int64_t>(row_bytes * tensors.size()));
  std::uint8_t* out = values->mutable_data();
  for (const RawTensor& tensor : tensors) {
    if (row_bytes == 0) break;
    if (tensor.data == nullptr) {
      std::memset(out, 0, row_bytes);
    } else {
      std::memcpy(out, tensor.data, row_bytes);
    }
    out += row_bytes;
  }
  return fixed_tensor_array(arrow_type_of(type), shape, static_cast<std::int64_t>(tensors.size()), values);
}

std::shared_ptr<arrow::Array> copy_varying(const std::vector<RawTensor>& tensors, const TensorTally& tally, DType type,
                                           const std::string& column) {
  const std::size_t rank = tally.first ? tally.first->rank() : 1;
  if (tally.elements > std::numeric_limits<std::int32_t>::max()) {
    throw_error(ErrorCode::invalid_argument,
                "the tensors of column '" + column + "' have more than 2147483647 " +
                    "elements in one block. Put fewer rows into one: RunOptions::block_size, "
                    "batch_size, or fewer items.");
  }
  const auto rows = static_cast<std::int64_t>(tensors.size());
  const BufferPtr values = allocate(tally.elements * static_cast<std::int64_t>(width(type)));
  const BufferPtr offsets = allocate((rows + 1) * static_cast<std::int64_t>(sizeof(std::int32_t)));
  const BufferPtr shapes = allocate(rows * static_cast<std::int64_t>(rank * sizeof(std::int32_t)));
  auto* offset = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  auto* extent = reinterpret_cast<std::int32_t*>(shapes->mutable_data());
  std::int32_t elements = 0;
  *offset++ = 0;
  for (const RawTensor& tensor : tensors) {
    const auto count = tensor.data == nullptr ? 0 : static_cast<std::int32_t>(tensor.shape.elements());
    if (count != 0) {
      std::memcpy(values->mutable_data() + static_cast<std::size_t>(elements) * width(type), tensor.data,
                  static_cast<std::size_t>(count) * width(type));
    }
    for (std::size_t d = 0; d < rank; ++d) {
      *extent++ = d < tensor.shape.rank() ? static_cast<std::int32_t>(tensor.shape[d]) : 0;
    }
    *offset++ = elements += count;
  }
  return varying_tensor_array(arrow_type_of(type), rank, rows, offsets, values, shapes);
}

std::shared_ptr<arrow::Array> finish_tensors(const ColumnSpec& spec, const std::vector<RawTensor>& tensors,
                                             const std::uint8_t* validity,
                                             const std::shared_ptr<arrow::Array>& original) {
  if (original != nullptr && validity == nullptr && are_rows_of(tensors, *original, spec.type)) return original;
  const auto type = original == nullptr ? std::nullopt : as_tensor_type(*original->type());
  const auto kept = type ? type->row_shape : std::nullopt;
  const TensorTally shapes = tally(tensors, validity, spec.name, kept);
  if (!shapes.first && !tensors.empty()) {  // nothing says how many dimensions there are
    const auto rows = static_cast<std::int64_t>(tensors.size());
    return from_arrow(arrow::MakeArrayOfNull(type ? original->type() : arrow::null(), rows, column_pool()))
        .value_or_throw();
  }
  const bool keeps_shape = kept && shapes.first == kept;
  return with_validity(
      keeps_shape ? copy_fixed(tensors, *kept, spec.type) : copy_varying(tensors, shapes, spec.type, spec.name),
      validity);
}

}  // namespace

std::shared_ptr<arrow::Array> ColumnSink::finish(const std::shared_ptr<arrow::Array>& original) {
  State& state = *state_;
  std::shared_ptr<arrow::Buffer> validity = validity_ == nullptr ? nullptr : pack_bits(validity_, rows_);
  if (state.offsets != nullptr) resize(state.offsets, (rows_ + 1) * static_cast<std::int64_t>(sizeof(std::int32_t)));
  const auto make = [&](std::shared_ptr<arrow::DataType> type, std::vector<std::shared_ptr<arrow::Buffer>> buffers,
                        std::vector<std::shared_ptr<arrow::ArrayData>> children = {}) {
    return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), rows_, std::move(buffers), std::move(children)));
  };
  switch (state.spec.form) {
    case ColumnForm::tensor: return finish_tensors(state.spec, state.tensors, validity_, original);
    case ColumnForm::array:
      return make(fixed_tensor_type(arrow_type_of(state.spec.type), Shape{state.spec.items}), {validity},
                  {state.children[0].finish()->data()});
    case ColumnForm::list: {
      const auto items = state.children[0].finish();
      const auto item = arrow::field("item", items->type(), state.children[0].spec().nullable);
      return make(arrow::list(item), {validity, state.offsets}, {items->data()});
    }
    case ColumnForm::structure: {
      arrow::FieldVector fields;
      std::vector<std::shared_ptr<arrow::ArrayData>> members;
      for (ColumnSink& child : state.children) {
        members.push_back(child.finish()->data());
        fields.push_back(arrow::field(child.spec().name, members.back()->type));
      }
      return make(arrow::struct_(fields), {validity}, std::move(members));
    }
    case ColumnForm::scalar: break;
  }
  if (state.is_text()) {
    resize(state.values, bytes_);
    return make(arrow_type_of(state.spec.type), {validity, state.offsets, state.values});
  }
  if (state.spec.type == DType::boolean) {
    return make(arrow::boolean(), {validity, pack_bits(state.values->data(), rows_)});
  }
  resize(state.values, rows_ * static_cast<std::int64_t>(width(state.spec.type)));
  const bool is_time = state.spec.time != TimeKind::none;
  return make(is_time ? time_type(state.spec.time == TimeKind::timestamp, state.spec.ticks_per_second)
                      : arrow_type_of(state.spec.type),
              {validity, state.values});
}

namespace {

std::shared_ptr<arrow::Array> picks_array(std::span<const std::int32_t> picks) {
  const auto bytes = static_cast<std::int64_t>(picks.size_bytes());
  auto buffer = std::make_shared<arrow::Buffer>(reinterpret_cast<const std::uint8_t*>(picks.data()), bytes);
  return arrow::MakeArray(
      arrow::ArrayData::Make(arrow::int32(), static_cast<std::int64_t>(picks.size()), {nullptr, std::move(buffer)}, 0));
}

std::shared_ptr<arrow::Array> take(const std::shared_ptr<arrow::Array>& column,
                                   const std::shared_ptr<arrow::Array>& picks) {
  ensure_kernels();
  arrow::compute::ExecContext context(column_pool());
  return from_arrow(arrow::compute::Take(*column, *picks, arrow::compute::TakeOptions::NoBoundsCheck(), &context))
      .value_or_throw();
}

bool is_identity(std::span<const std::int32_t> picks, std::int64_t rows) {
  if (static_cast<std::int64_t>(picks.size()) != rows) return false;
  for (std::size_t i = 0; i < picks.size(); ++i) {
    if (picks[i] != static_cast<std::int32_t>(i)) return false;
  }
  return true;
}

}  // namespace

std::shared_ptr<arrow::RecordBatch> pick_rows(const std::shared_ptr<arrow::RecordBatch>& input,
                                              std::span<const std::int32_t> picks) {
  if (is_identity(picks, input->num_rows())) return input;
  const auto indexes = picks_array(picks);
  arrow::ArrayVector columns;
  for (const auto& column : input->columns()) columns.push_back(take(column, indexes));
  return arrow::RecordBatch::Make(input->schema(), static_cast<std::int64_t>(picks.size()), std::move(columns));
}

std::shared_ptr<arrow::RecordBatch> assemble_rows(const std::shared_ptr<arrow::RecordBatch>& input,
                                                  std::span<const std::string> dropped, std::span<ColumnSink> sinks,
                                                  std::int64_t rows, const std::vector<std::int32_t>* picks) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  std::vector<bool> done(sinks.size(), false);
  const auto add_sink = [&](std::size_t i, const std::shared_ptr<arrow::Array>& original) {
    columns.push_back(sinks[i].finish(original));
    fields.push_back(arrow::field(sinks[i].spec().name, columns.back()->type()));
    done[i] = true;
  };
  const bool takes = picks != nullptr && input != nullptr && !is_identity(*picks, input->num_rows());
  const auto indexes = takes ? picks_array(*picks) : nullptr;
  for (int c = 0; input != nullptr && c < input->num_columns(); ++c) {
    const std::string& name = input->column_name(c);
    const auto sink = std::find_if(sinks.begin(), sinks.end(),
                                   [&](const ColumnSink& s) { return s.spec().name == name; });
    if (sink != sinks.end()) {
      const auto i = static_cast<std::size_t>(sink - sinks.begin());
      if (!done[i]) add_sink(i, input->column(c));
    } else if (std::find(dropped.begin(), dropped.end(), name) == dropped.end()) {
      columns.push_back(takes ? take(input->column(c), indexes) : input->column(c));
      fields.push_back(input->schema()->field(c));
    }
  }
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    if (!done[i]) add_sink(i, nullptr);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
}

}  // namespace shoal::data::inline v1::detail
