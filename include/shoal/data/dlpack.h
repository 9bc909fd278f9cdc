#pragma once

#include <cstdint>

/// The C structures of DLPack 1.x, field for field, so that tensors can be handed to NumPy, PyTorch and others
/// without a copy. Specification: https://dmlc.github.io/dlpack/latest/c_api.html. A program that also includes the
/// original header may reinterpret_cast between the two.
namespace shoal::data::inline v1 {

/// Where a tensor's memory is.
struct DLDevice {
  std::int32_t device_type;  ///< 1 = CPU.
  std::int32_t device_id;
};

/// What one element is.
struct DLDataType {
  std::uint8_t code;  ///< 0 = signed, 1 = unsigned, 2 = floating point.
  std::uint8_t bits;
  std::uint16_t lanes;
};

/// A tensor that somebody else keeps alive.
struct DLTensor {
  void* data;
  DLDevice device;
  std::int32_t ndim;
  DLDataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  ///< In elements.
  std::uint64_t byte_offset;
};

/// What `__dlpack__()` hands over in a capsule named "dltensor". The taker calls `deleter` once.
struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(DLManagedTensor* self);
};

/// Of the structures; ours is 1.0.
struct DLPackVersion {
  std::uint32_t major;
  std::uint32_t minor;
};

/// The same since DLPack 1.0, in a capsule named "dltensor_versioned".
struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(DLManagedTensorVersioned* self);
  std::uint64_t flags;  ///< Bit 0: read only.
  DLTensor dl_tensor;
};

static_assert(sizeof(DLTensor) == 48 && sizeof(DLManagedTensor) == 64 && sizeof(DLManagedTensorVersioned) == 80);

}  // namespace shoal::data::inline v1
