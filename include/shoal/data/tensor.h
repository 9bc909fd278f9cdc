#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <shoal/base/shippable.h>
#include <shoal/data/dlpack.h>
#include <shoal/data/dtype.h>

namespace shoal::data::inline v1 {

/// Up to eight extents (or strides). A small value.
class Shape {
 public:
  static constexpr std::size_t k_rank_max = 8;

  Shape() = default;
  /// Throws InvalidArgument for more than eight or negative extents.
  Shape(std::initializer_list<std::int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}
  explicit Shape(std::span<const std::int64_t> extents);

  std::size_t rank() const { return rank_; }
  std::int64_t operator[](std::size_t i) const { return extents_[i]; }
  /// Product of the extents; 1 for rank 0.
  std::int64_t elements() const {
    std::int64_t product = 1;
    for (const std::int64_t extent : *this) product *= extent;
    return product;
  }
  /// Strides in elements of a tensor of this shape that is stored row by row.
  Shape row_major_strides() const;
  /// Without the first extent. Precondition: rank() > 0.
  Shape inner() const { return Shape(std::span(begin() + 1, end())); }
  /// With `extent` before the others.
  Shape of_rows(std::int64_t extent) const;

  const std::int64_t* begin() const { return extents_.data(); }
  const std::int64_t* end() const { return extents_.data() + rank_; }
  std::span<const std::int64_t> span() const { return {begin(), end()}; }
  /// "{400, 28, 28}"
  std::string to_string() const;
  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (std::size_t i = 0; i < a.rank_; ++i) {
      if (a.extents_[i] != b.extents_[i]) return false;
    }
    return true;
  }

 private:
  std::array<std::int64_t, k_rank_max> extents_{};
  std::uint8_t rank_ = 0;
};
std::ostream& operator<<(std::ostream& out, const Shape& shape);

namespace detail {
/// A tensor without its C++ type.
struct RawTensor {
  std::shared_ptr<const void> owner;
  const void* data = nullptr;
  Shape shape;
  Shape strides;
  DType type = DType::other;
};
/// 64-byte aligned memory, counted with the blocks'; freed with the last copy of the pointer.
std::shared_ptr<std::uint8_t> allocate_shared(std::int64_t bytes);
DLManagedTensor* export_dlpack(const RawTensor& tensor);
DLManagedTensorVersioned* export_dlpack_versioned(const RawTensor& tensor, bool read_only);
[[noreturn]] void throw_not_contiguous(const Shape& shape, const Shape& strides);
[[noreturn]] void throw_wrong_size(const Shape& shape, std::size_t elements);
/// `tensor` is stored row by row. What is read has no strides; it is empty where the decoder failed.
void encode_tensor(Encoder& to, const RawTensor& tensor, std::size_t element_bytes);
RawTensor decode_tensor(Decoder& from, std::size_t element_bytes);
}  // namespace detail

/// A view of elements that lie in memory at fixed strides; `T` is const for views that may not write. A view taken from
/// a Batch, BatchBuilder or Tensor keeps the memory alive. Indexes are not checked.
template <class T>
class TensorView {
  static_assert(detail::TensorElement<T>, "shoal: a tensor holds numbers: integers, float or double, not bool");

 public:
  using value_type = std::remove_const_t<T>;

  TensorView() = default;
  /// Elements stored row by row.
  TensorView(T* data, const Shape& shape, std::shared_ptr<const void> owner = nullptr)
      : TensorView(data, shape, shape.row_major_strides(), std::move(owner)) {}
  TensorView(T* data, const Shape& shape, const Shape& strides, std::shared_ptr<const void> owner = nullptr)
      : data_(data), shape_(shape), strides_(strides), owner_(std::move(owner)) {}
  operator TensorView<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data_, shape_, strides_, owner_};
  }

  const Shape& shape() const { return shape_; }
  std::int64_t shape(std::size_t i) const { return shape_[i]; }
  /// In elements.
  const Shape& strides() const { return strides_; }
  std::size_t rank() const { return shape_.rank(); }
  std::int64_t size() const { return shape_.elements(); }
  T* data() const { return data_; }
  bool is_contiguous() const { return size() == 0 || strides_ == shape_.row_major_strides(); }

  /// All elements row by row. Throws InvalidArgument where they are not stored that way.
  T* begin() const {
    if (!is_contiguous()) detail::throw_not_contiguous(shape_, strides_);
    return data_;
  }
  T* end() const { return begin() + size(); }

  /// One element: as many indexes as the rank.
  template <class... Index>
    requires(std::is_integral_v<Index> && ...)
  T& operator()(Index... index) const {
    std::size_t i = 0;
    std::int64_t offset = 0;
    ((offset += static_cast<std::int64_t>(index) * strides_[i++]), ...);
    static_cast<void>(i);
    return data_[offset];
  }
  /// The part at `index` of the first dimension: a view of one rank less.
  TensorView operator[](std::int64_t index) const {
    return {data_ + index * strides_[0], shape_.inner(), strides_.inner(), owner_};
  }

  /// For NumPy, PyTorch and others: shares the elements and keeps them alive until the taker calls `deleter`.
  /// The caller owns the result. Views that own nothing (made from a bare pointer) must outlive it.
  DLManagedTensor* to_dlpack() const { return detail::export_dlpack(raw()); }
  /// The form of DLPack 1.x, which also says whether the taker may write.
  DLManagedTensorVersioned* to_dlpack_versioned() const {
    return detail::export_dlpack_versioned(raw(), std::is_const_v<T>);
  }

  const std::shared_ptr<const void>& owner() const { return owner_; }
  detail::RawTensor raw() const { return {owner_, data_, shape_, strides_, detail::dtype_of<value_type>}; }

 private:
  T* data_ = nullptr;
  Shape shape_;
  Shape strides_;
  std::shared_ptr<const void> owner_;
};

/// One row's tensor: a shape and shared elements stored row by row. Copies share the elements; edit() makes them this
/// tensor's own first. A tensor read from a row keeps its block's memory alive.
template <class T>
class Tensor {
  static_assert(detail::TensorElement<T> && !std::is_const_v<T>,
                "shoal: a tensor holds numbers: integers, float or double, not bool");

 public:
  using value_type = T;

  Tensor() : shape_{0} {}
  /// All zero.
  explicit Tensor(const Shape& shape) : shape_(shape) { own(); }
  /// Copies `elements`; throws InvalidArgument where their number is not the shape's.
  Tensor(const Shape& shape, std::span<const T> elements) : shape_(shape) {
    if (static_cast<std::int64_t>(elements.size()) != shape.elements())
      detail::throw_wrong_size(shape, elements.size());
    own();
    std::copy(elements.begin(), elements.end(), own_);
  }
  Tensor(const Shape& shape, std::initializer_list<T> elements)
      : Tensor(shape, std::span<const T>(elements.begin(), elements.size())) {}
  /// Shares what `owner` keeps alive.
  Tensor(const Shape& shape, const T* data, std::shared_ptr<const void> owner)
      : shape_(shape), data_(data), owner_(std::move(owner)) {}
  /// Shares the view's elements, which must be contiguous and owned.
  explicit Tensor(const TensorView<const T>& view) : Tensor(view.shape(), view.begin(), view.owner()) {}

  const Shape& shape() const { return shape_; }
  std::int64_t shape(std::size_t i) const { return shape_[i]; }
  std::int64_t size() const { return shape_.elements(); }
  const T* data() const { return data_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size(); }
  TensorView<const T> view() const { return {data_, shape_, owner_}; }
  template <class... Index>
  const T& operator()(Index... index) const {
    std::size_t i = 0;
    std::int64_t offset = 0;
    ((offset = offset * shape_[i++] + static_cast<std::int64_t>(index)), ...);
    static_cast<void>(i);
    return data_[offset];
  }
  TensorView<const T> operator[](std::int64_t index) const { return view()[index]; }

  /// A view to write through; copies the elements first where others share them.
  TensorView<T> edit() {
    if (own_ == nullptr || owner_.use_count() != 1) {
      const std::shared_ptr<const void> keep = owner_;
      const T* from = data_;
      own();
      std::copy(from, from + size(), own_);
    }
    return {own_, shape_, owner_};
  }

  DLManagedTensor* to_dlpack() const { return view().to_dlpack(); }
  DLManagedTensorVersioned* to_dlpack_versioned() const { return view().to_dlpack_versioned(); }
  detail::RawTensor raw() const { return {owner_, data_, shape_, shape_.row_major_strides(), detail::dtype_of<T>}; }

  friend bool operator==(const Tensor& a, const Tensor& b) {
    return a.shape_ == b.shape_ && std::equal(a.begin(), a.end(), b.begin());
  }

 private:
  void own() {
    const std::shared_ptr<std::uint8_t> memory = detail::allocate_shared(shape_.elements() *
                                                                         static_cast<std::int64_t>(sizeof(T)));
    own_ = reinterpret_cast<T*>(memory.get());
    data_ = own_;
    owner_ = memory;
  }

  Shape shape_;
  const T* data_ = nullptr;
  T* own_ = nullptr;  // data_, where it may be written
  std::shared_ptr<const void> owner_;
};

}  // namespace shoal::data::inline v1

namespace shoal::inline v1 {

/// Shares the elements.
template <class T>
struct Codec<data::Tensor<T>> {
  static constexpr std::size_t k_bytes_min = 2;
  static void encode(Encoder& to, const data::Tensor<T>& tensor) {
    data::detail::encode_tensor(to, tensor.raw(), sizeof(T));
  }
  static void decode(Decoder& from, data::Tensor<T>& tensor) {
    const data::detail::RawTensor read = data::detail::decode_tensor(from, sizeof(T));
    if (read.owner != nullptr) tensor = data::Tensor<T>(read.shape, static_cast<const T*>(read.data), read.owner);
  }
};

}  // namespace shoal::inline v1
