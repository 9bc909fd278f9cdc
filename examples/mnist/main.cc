// From an object store to training batches: lists the JPEGs of MNIST's digits in a bucket, fetches, decodes, labels and
// normalises them in the background, and goes through them in batches, several times. Run it with --help.
#include <shoal/data.h>
#include <shoal/shoal.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <string>

#include "idx.h"
#include "options.h"
#include "tally.h"
#include "upload.h"

namespace {

namespace sd = shoal::data;

/// A row as a plain struct: the columns that a step needs. All others, like the image here, pass through.
struct Digit {
  std::string path;
  std::int64_t label = -1;
};

/// The folder names the label: ".../train/7/0b5c....jpeg".
Digit label_from_path(Digit digit) {
  digit.label = digit.path.at(digit.path.rfind('/') - 1) - '0';
  return digit;
}

/// Maps bytes to [-1, 1], for a whole batch at once: its images are one tensor of shape {rows, 28, 28}.
sd::Batch normalize(const sd::Batch& in) {
  const auto pixels = in.tensor<std::uint8_t>("image");
  sd::BatchBuilder out(in);  // with all columns of `in`
  const auto image = out.add_tensor<float>("image", {in.num_rows(), 1, 28, 28});
  std::transform(pixels.begin(), pixels.end(), image.begin(), [](auto x) { return (x / 255.f - 0.5f) / 0.5f; });
  return out.finish();
}

/// The same as a class, which is made once per worker: the place for a model or a connection.
struct Normalize {
  float mean, deviation;
  sd::Batch operator()(const sd::Batch& in) const {
    const auto pixels = in.tensor<std::uint8_t>("image");
    sd::BatchBuilder out(in);
    const auto image = out.add_tensor<float>("image", {in.num_rows(), 1, 28, 28});
    std::transform(pixels.begin(), pixels.end(), image.begin(),
                   [this](auto x) { return (x / 255.f - mean) / deviation; });
    return out.finish();
  }
};

/// The same row by row.
struct Pixels {
  sd::Tensor<std::uint8_t> image;
};
struct Features {
  sd::Tensor<float> image;
};
Features normalize_row(const Pixels& row) {
  Features out{sd::Tensor<float>(sd::Shape{1, 28, 28})};
  std::transform(row.image.begin(), row.image.end(), out.image.edit().begin(),
                 [](auto x) { return (x / 255.f - 0.5f) / 0.5f; });
  return out;
}

/// Nothing runs here: a dataset is a description of work.
sd::Dataset digits_of(const std::string& set, const mnist::Options& options) {
  const sd::Dataset labelled = sd::read_images(options.bucket + "/" + set + "/",
                                               {.mode = sd::ImageMode::gray, .size = {28, 28}, .include_paths = true})
                                   .map(label_from_path);
  sd::StepOptions step{.batch_size = options.batch_size};
  if (options.concurrency > 0) step.concurrency = options.concurrency;
  if (options.processes > 0) step.isolation = sd::Isolation::processes;
  switch (options.variant) {
    case mnist::Variant::batch_class: return labelled.map_batches<Normalize>(step, 0.5f, 0.5f);
    case mnist::Variant::row_function: return labelled.map(normalize_row, step);
    default: return labelled.map_batches(normalize, step);
  }
}

/// Where a training loop would stand. Returns whether every image came, and came right.
bool go_through(const std::string& title, const sd::Dataset& digits, mnist::IdxSet& original, std::int64_t images,
                std::int64_t batch_size) {
  mnist::Tally tally;
  for (const sd::Batch& batch : digits.iter_batches({.batch_size = batch_size, .prefetch = 2})) tally.add(batch);
  return tally.report(title, original, images, batch_size);
}

int run(const mnist::Options& options) {
  bool all_right = true;
  for (const std::string set : {"train", "test"}) {
    mnist::IdxSet original(options.digits, set);
    const std::int64_t images = std::min(options.images_max, original.size());
    mnist::upload(options.digits, set, images, options.bucket);
    const sd::Dataset digits = digits_of(set, options);
    for (int epoch = 1; epoch <= (set == "train" ? options.epochs : 1); ++epoch) {
      const std::string title = set + ", epoch " + std::to_string(epoch);
      all_right = go_through(title, digits, original, images, options.batch_size) && all_right;
    }
    if (set == "train") std::cout << digits.explain() << digits.stats();
    if (options.remove) mnist::remove(set, options.bucket);
  }
  std::printf("Peak memory: %.0f MiB\n", mnist::peak_memory_mib());
  return all_right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    shoal::init(argc, argv);  // a worker process, which is this program started again, does not get further
    const mnist::Options options = mnist::parse_options(argc, argv);
    std::optional<shoal::Session> session;
    if (options.processes > 0) session.emplace(shoal::SessionOptions{.processes = options.processes});
    return run(options);
  } catch (const shoal::Cancelled& cancelled) {
    std::cerr << "mnist: " << cancelled.what() << "\n";
    return 130;
  } catch (const std::exception& error) {
    std::cerr << "mnist: " << error.what() << "\n";
    return 1;
  }
}
