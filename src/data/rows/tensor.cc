#include <arrow/buffer.h>
#include <shoal/base/error.h>
#include <shoal/data/tensor.h>

#include <cstring>
#include <ostream>

#include "base/status.h"
#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"

namespace shoal::data::inline v1 {

Shape::Shape(std::span<const std::int64_t> extents) {
  if (extents.size() > k_rank_max) {
    throw_error(ErrorCode::invalid_argument,
                "a tensor of " + std::to_string(extents.size()) + " dimensions; at most 8 are supported");
  }
  for (const std::int64_t extent : extents) {
    if (extent < 0) {
      throw_error(ErrorCode::invalid_argument, "a shape has the negative extent " + std::to_string(extent));
    }
    extents_[rank_++] = extent;
  }
}

Shape Shape::row_major_strides() const {
  Shape strides;
  strides.rank_ = rank_;
  std::int64_t stride = 1;
  for (std::size_t i = rank_; i-- > 0;) {
    strides.extents_[i] = stride;
    stride *= extents_[i];
  }
  return strides;
}

Shape Shape::of_rows(std::int64_t extent) const {
  std::vector<std::int64_t> extents{extent};
  extents.insert(extents.end(), begin(), end());
  return Shape(extents);
}

std::string Shape::to_string() const {
  std::string text = "{";
  for (std::size_t i = 0; i < rank_; ++i) text += (i == 0 ? "" : ", ") + std::to_string(extents_[i]);
  return text + "}";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.to_string(); }

namespace detail {
namespace {

DLDataType dlpack_type(DType type) {
  const auto bits = static_cast<std::uint8_t>(8 * width(type));
  switch (type) {
    case DType::float32:
    case DType::float64: return {2, bits, 1};
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64: return {0, bits, 1};
    default: return {1, bits, 1};
  }
}

/// What an exported tensor lives in until its taker calls the deleter.
template <class Managed>
struct Exported {
  Managed managed{};
  RawTensor tensor;
  std::int64_t shape[Shape::k_rank_max] = {};
  std::int64_t strides[Shape::k_rank_max] = {};
};

constexpr std::int32_t k_dlpack_cpu = 1;

template <class Managed>
Managed* make_exported(const RawTensor& tensor) {
  auto exported = std::make_unique<Exported<Managed>>();
  exported->tensor = tensor;
  std::copy(tensor.shape.begin(), tensor.shape.end(), exported->shape);
  std::copy(tensor.strides.begin(), tensor.strides.end(), exported->strides);
  exported->managed.dl_tensor = {const_cast<void*>(tensor.data),
                                 {k_dlpack_cpu, 0},
                                 static_cast<std::int32_t>(tensor.shape.rank()),
                                 dlpack_type(tensor.type),
                                 exported->shape,
                                 exported->strides,
                                 0};
  exported->managed.manager_ctx = exported.get();
  exported->managed.deleter = [](Managed* self) { delete static_cast<Exported<Managed>*>(self->manager_ctx); };
  return &exported.release()->managed;
}

}  // namespace

std::shared_ptr<std::uint8_t> allocate_shared(std::int64_t bytes) {
  std::shared_ptr<arrow::Buffer> buffer = from_arrow(arrow::AllocateBuffer(bytes, column_pool())).value_or_throw();
  std::uint8_t* data = buffer->mutable_data();
  if (bytes > 0) std::memset(data, 0, static_cast<std::size_t>(bytes));
  return {std::move(buffer), data};
}

DLManagedTensor* export_dlpack(const RawTensor& tensor) { return make_exported<DLManagedTensor>(tensor); }

DLManagedTensorVersioned* export_dlpack_versioned(const RawTensor& tensor, bool read_only) {
  DLManagedTensorVersioned* managed = make_exported<DLManagedTensorVersioned>(tensor);
  managed->version = {1, 0};
  managed->flags = read_only ? 1 : 0;
  return managed;
}

void throw_not_contiguous(const Shape& shape, const Shape& strides) {
  throw_error(ErrorCode::invalid_argument, "the tensor of shape " + shape.to_string() + " has strides " +
                                               strides.to_string() + ", so its elements do not lie one after the " +
                                               "other; use (i, j, ...) or copy it first");
}

void throw_wrong_size(const Shape& shape, std::size_t elements) {
  throw_error(ErrorCode::invalid_argument, "a tensor of shape " + shape.to_string() + " has " +
                                               std::to_string(shape.elements()) + " elements, not " +
                                               std::to_string(elements));
}

}  // namespace detail
}  // namespace shoal::data::inline v1
