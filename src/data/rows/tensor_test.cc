#include <shoal/data/tensor.h>

#include <gtest/gtest.h>
#include <shoal/base/error.h>

#include <numeric>

namespace shoal::data {
namespace {

TEST(Shape, KnowsElementsAndStrides) {
  const Shape shape{2, 3, 4};
  EXPECT_EQ(shape.rank(), 3u);
  EXPECT_EQ(shape.elements(), 24);
  EXPECT_EQ(shape.row_major_strides(), (Shape{12, 4, 1}));
  EXPECT_EQ(shape.inner(), (Shape{3, 4}));
  EXPECT_EQ(shape.of_rows(5), (Shape{5, 2, 3, 4}));
  EXPECT_EQ(Shape().elements(), 1);
  EXPECT_EQ((Shape{0, 3}).elements(), 0);
  EXPECT_FALSE((Shape{2, 3}) == (Shape{2, 3, 1}));
  EXPECT_EQ(shape.to_string(), "{2, 3, 4}");
}

TEST(Shape, RefusesNegativeAndTooMany) {
  EXPECT_THROW((Shape{1, -1}), InvalidArgument);
  EXPECT_THROW((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), InvalidArgument);
}

TEST(TensorView, IndexesByStrides) {
  std::vector<int> numbers(12);
  std::iota(numbers.begin(), numbers.end(), 0);
  const TensorView<int> view(numbers.data(), {3, 4});
  EXPECT_EQ(view(2, 1), 9);
  EXPECT_EQ(view[1](3), 7);
  EXPECT_EQ(std::accumulate(view.begin(), view.end(), 0), 66);
  view(0, 0) = 100;
  EXPECT_EQ(numbers[0], 100);
  const TensorView<const int> transposed(numbers.data(), {4, 3}, {1, 4});
  EXPECT_EQ(transposed(3, 1), 7);
  EXPECT_FALSE(transposed.is_contiguous());
  EXPECT_THROW(transposed.begin(), InvalidArgument);
  EXPECT_TRUE(transposed[2].size() == 3);
  const TensorView<const int> fixed = view;
  EXPECT_EQ(fixed.data(), numbers.data());
}

TEST(Tensor, CopiesShareUntilEdited) {
  Tensor<float> a({2, 2}, {1, 2, 3, 4});
  Tensor<float> b = a;
  EXPECT_EQ(a.data(), b.data());
  b.edit()(0, 1) = 9;
  EXPECT_NE(a.data(), b.data());
  EXPECT_EQ(a(0, 1), 2);
  EXPECT_EQ(b(0, 1), 9);
  EXPECT_FALSE(a == b);
  const float* own = b.data();
  b.edit()(1, 1) = 5;
  EXPECT_EQ(b.data(), own);
  EXPECT_EQ(b[1](1), 5);
}

TEST(Tensor, BeginsWithZeros) {
  const Tensor<std::int32_t> zeros(Shape{3});
  EXPECT_EQ(std::accumulate(zeros.begin(), zeros.end(), 0), 0);
  EXPECT_EQ(Tensor<std::int32_t>().size(), 0);
  EXPECT_THROW((Tensor<int>({2, 2}, {1, 2, 3})), InvalidArgument);
}

TEST(Tensor, SharesWhatAnOwnerKeeps) {
  const auto owner = std::make_shared<std::vector<double>>(std::vector<double>{1, 2, 3});
  Tensor<double> tensor({3}, owner->data(), owner);
  EXPECT_EQ(owner.use_count(), 2);
  tensor.edit()(0) = 7;
  EXPECT_EQ((*owner)[0], 1);
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(DLPack, CarriesTypeShapeAndLife) {
  const auto owner = std::make_shared<std::vector<std::uint16_t>>(6);
  DLManagedTensor* managed = TensorView<const std::uint16_t>(owner->data(), {2, 3}, owner).to_dlpack();
  const DLTensor& tensor = managed->dl_tensor;
  EXPECT_EQ(tensor.data, owner->data());
  EXPECT_EQ(tensor.device.device_type, 1);
  EXPECT_EQ(tensor.ndim, 2);
  EXPECT_EQ(tensor.dtype.code, 1);
  EXPECT_EQ(tensor.dtype.bits, 16);
  EXPECT_EQ(tensor.shape[1], 3);
  EXPECT_EQ(tensor.strides[0], 3);
  EXPECT_EQ(owner.use_count(), 2);
  managed->deleter(managed);
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(DLPack, VersionedSaysWhetherItMayBeWritten) {
  Tensor<float> tensor(Shape{2});
  DLManagedTensorVersioned* fixed = tensor.to_dlpack_versioned();
  DLManagedTensorVersioned* open = tensor.edit().to_dlpack_versioned();
  EXPECT_EQ(fixed->flags & 1, 1u);
  EXPECT_EQ(open->flags & 1, 0u);
  EXPECT_EQ(open->version.major, 1u);
  EXPECT_EQ(open->dl_tensor.dtype.code, 2);
  fixed->deleter(fixed);
  open->deleter(open);
}

}  // namespace
}  // namespace shoal::data
