#include <shoal/data/batch.h>

#include <memory>
#include <numeric>

namespace sd = shoal::data;

namespace {

int leases_returned = 0;

/// A batch of 3 rows with a tensor and a column of numbers, whose memory is leased.
sd::Batch make_batch() {
  sd::BatchBuilder builder;
  const sd::TensorView<float> image = builder.add_tensor<float>("image", {3, 2, 4});
  std::iota(image.begin(), image.end(), 0.f);
  const auto labels = builder.add_column<std::int64_t>("label");
  std::iota(labels.begin(), labels.end(), 7);
  const std::shared_ptr<const void> lease(nullptr, [](const void*) { ++leases_returned; });
  return sd::Batch(builder.finish().to_arrow(), lease);
}

}  // namespace

// The batches are gone when these return: the exported tensors keep what they need.
extern "C" {

sd::DLManagedTensor* probe_image() { return make_batch().tensor<float>("image").to_dlpack(); }

/// Rows 1 and 2, and of each the first two columns' transposed view: strides that are not row by row.
sd::DLManagedTensor* probe_strided() {
  const sd::TensorView<const float> image = make_batch().slice(1, 2).tensor<float>("image");
  const sd::TensorView<const float> transposed(image.data(), {2, 4, 2}, {8, 1, 4}, image.owner());
  return transposed.to_dlpack();
}

sd::DLManagedTensorVersioned* probe_labels_versioned() {
  return make_batch().tensor<std::int64_t>("label").to_dlpack_versioned();
}

int probe_leases_returned() { return leases_returned; }

}  // extern "C"
