#include "upload.h"

#include <shoal/data.h>
#include <shoal/base/log.h>

#include <cstdio>  // before jpeglib.h, which needs it
#include <cstdlib>
#include <string>

#include <jpeglib.h>

#include "idx.h"

namespace mnist {
namespace {

namespace sd = shoal::data;

constexpr int k_uploads_at_once = 32;

/// A gray JPEG of the highest quality.
std::string encode_jpeg(Image pixels) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = jpeg.image_height = k_side;
  jpeg.input_components = 1;
  jpeg.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPLE* row = pixels.data() + jpeg.next_scanline * k_side;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string encoded(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return encoded;
}

/// A name-based uuid (version 8): random-looking, and always the same for a digit.
std::string uuid_of(const std::string& set, std::int64_t i) {
  std::uint64_t state = static_cast<std::uint64_t>(i) * 2 + (set == "train" ? 1 : 0);
  const auto next = [&state] {  // the mixer of SplitMix64, by Sebastiano Vigna
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  const std::uint64_t high = next(), low = next();
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-8%03x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xfff),
                static_cast<unsigned>(0x8000 | (low >> 48 & 0x3fff)),
                static_cast<unsigned long long>(low & 0xffffffffffff));
  return text;
}

/// A step as a class: made once in each worker, which opens the files and the bucket once.
class PutDigits {
 public:
  PutDigits(const std::string& digits, const std::string& set, const std::string& bucket)
      : idx_(digits, set), set_(set), bucket_(sd::storage(bucket)) {}

  sd::Batch operator()(const sd::Batch& batch) {
    for (const std::int64_t i : batch.column<std::int64_t>("id")) {
      const std::string key = set_ + "/" + std::to_string(idx_.label(i)) + "/" + uuid_of(set_, i) + ".jpeg";
      bucket_.put(key, encode_jpeg(idx_.image(i)));
    }
    return batch;
  }

 private:
  IdxSet idx_;
  std::string set_;
  sd::Storage bucket_;
};

}  // namespace

void upload(const std::string& digits, const std::string& set, std::int64_t images, const std::string& bucket) {
  const sd::Storage storage = sd::storage(bucket);
  storage.create();
  std::int64_t present = 0;
  for (const sd::ObjectInfo& object : storage.list(set + "/")) present += object.size > 0 ? 1 : 0;
  if (present >= images) return;

  shoal::log::info("writing {} digits to {}/{}/", images, bucket, set);
  // Uploads wait for the network, not for a CPU, so there may be more at once than CPUs.
  const sd::Dataset uploads = sd::range(images, {}, {.num_cpus = k_uploads_at_once})
                                  .map_batches<PutDigits>({.batch_size = 64, .pool = sd::Pool{1, k_uploads_at_once}},
                                                          digits, set, bucket);
  for (const sd::Batch& batch : uploads.iter_batches()) present += batch.num_rows();
}

void remove(const std::string& set, const std::string& bucket) { sd::storage(bucket).remove_all(set + "/"); }

}  // namespace mnist
