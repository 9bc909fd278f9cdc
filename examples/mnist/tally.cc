#include "tally.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <stdexcept>

namespace mnist {

namespace sd = shoal::data;

void Tally::add(const sd::Batch& batch) {
  const auto images = batch.tensor<float>("image");
  const auto labels = batch.column<std::int64_t>("label");
  if (images.shape() != sd::Shape{batch.num_rows(), 1, k_side, k_side}) {
    throw std::runtime_error("images have the shape " + images.shape().to_string());
  }
  if (batches_++ == 0) first_batch_size_ = batch.num_rows();
  for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
    const auto image = images[i];
    Sum& sum = sums_.at(static_cast<std::size_t>(labels[i]));
    ++sum.images;
    sum.pixels += (std::accumulate(image.begin(), image.end(), 0.0) * 0.5 + 0.5 * k_pixels) * 255;
  }
}

Tally::Sums Tally::sums_of(IdxSet& original, std::int64_t images) {
  Sums sums{};
  for (std::int64_t i = 0; i < images; ++i) {
    Sum& sum = sums.at(static_cast<std::size_t>(original.label(i)));
    const Image image = original.image(i);
    ++sum.images;
    sum.pixels += std::accumulate(image.begin(), image.end(), 0.0);
  }
  return sums;
}

bool Tally::report(const std::string& title, IdxSet& original, std::int64_t images, std::int64_t batch_size) const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const Sums expected = sums_of(original, images);
  std::int64_t found = 0;
  double worst = 0, mean = 0, expected_mean = 0;
  bool counts_match = batches_ == (images + batch_size - 1) / batch_size;
  for (std::size_t label = 0; label < expected.size(); ++label) {
    const double pixels = static_cast<double>(std::max<std::int64_t>(expected[label].images, 1)) * k_pixels;
    worst = std::max(worst, std::abs(sums_[label].pixels - expected[label].pixels) / pixels);
    counts_match = counts_match && sums_[label].images == expected[label].images;
    found += sums_[label].images;
    mean += sums_[label].pixels / static_cast<double>(images * k_pixels);
    expected_mean += expected[label].pixels / static_cast<double>(images * k_pixels);
  }
  const bool sums_match = worst <= k_jpeg_error_max;
  std::printf("%s: %lld images in %.2f s, %.0f images/s\n", title.c_str(), static_cast<long long>(found), seconds,
              static_cast<double>(found) / seconds);
  std::printf("  Batch size:  %lld\n  Batch count: %lld\n", static_cast<long long>(first_batch_size_),
              static_cast<long long>(batches_));
  std::printf(
      "  Mean pixel:  %.3f of 255, in the IDX files %.3f; the label that differs most is %.3f off, JPEG's %.2f at most\n",
      mean, expected_mean, worst, k_jpeg_error_max);
  if (!counts_match) std::printf("  WRONG: %lld images were written\n", static_cast<long long>(images));
  if (!sums_match) std::printf("  WRONG: pixels differ by more than JPEG does\n");
  std::fflush(stdout);
  return counts_match && sums_match;
}

double peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace mnist
