// Makes the benchmark data, the same bytes every time.
//
//   bench_data jpeg FOLDER                2,000 JPEGs of 500 x 375, quality 90, smooth with a little noise
//   bench_data parquet FOLDER             16 files of 1,000,000 rows: k int64, g int64 (1,000 keys), v double, s string
//   bench_data objects URI COUNT SIZE     objects of SIZE bytes
//   bench_data mnist URI IDX_FOLDER       the 70,000 digits as JPEGs under train/LABEL/ and test/LABEL/
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <jpeglib.h>
#include <parquet/arrow/writer.h>
#include <shoal/data/storage.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace sd = shoal::data;

std::string encode(const unsigned char* pixels, unsigned width, unsigned height, int channels, int quality) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &out, &size);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < height) {
    auto* row = const_cast<unsigned char*>(pixels + jpeg.next_scanline * width * static_cast<unsigned>(channels));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string bytes(reinterpret_cast<char*>(out), size);
  std::free(out);
  return bytes;
}

// Calls body(i) for every i below count from a few threads; storage calls wait on the network.
template <class Body>
void in_parallel(std::size_t count, Body body) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (std::size_t i; (i = next++) < count;) body(i);
    });
  }
}

// A coarse random grid, smoothly enlarged, with noise of a few levels.
std::vector<unsigned char> photo(std::mt19937& random) {
  constexpr unsigned width = 500, height = 375, grid_w = 18, grid_h = 14;
  std::vector<float> grid(grid_w * grid_h * 3);
  for (float& value : grid) value = static_cast<float>(random() % 255);
  std::vector<unsigned char> pixels(width * height * 3);
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      const float gx = static_cast<float>(x) * (grid_w - 1) / width, gy = static_cast<float>(y) * (grid_h - 1) / height;
      const unsigned x0 = static_cast<unsigned>(gx), y0 = static_cast<unsigned>(gy);
      const float fx = gx - static_cast<float>(x0), fy = gy - static_cast<float>(y0);
      for (unsigned c = 0; c < 3; ++c) {
        const auto at = [&](unsigned u, unsigned v) { return grid[(v * grid_w + u) * 3 + c]; };
        const float smooth = (at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx) * (1 - fy) +
                             (at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx) * fy;
        const float noisy = smooth + static_cast<float>(random() % 17) - 8.f;
        pixels[(y * width + x) * 3 + c] = static_cast<unsigned char>(std::clamp(noisy, 0.f, 255.f));
      }
    }
  }
  return pixels;
}

void make_jpegs(const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::mt19937 random(0);
  for (int i = 0; i < 2000; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "/%05d.jpg", i);
    std::ofstream(folder + name, std::ios::binary) << encode(photo(random).data(), 500, 375, 3, 90);
  }
}

arrow::Status make_parquet(const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::mt19937_64 random(0);
  for (int file = 0; file < 16; ++file) {
    arrow::Int64Builder k, g;
    arrow::DoubleBuilder v;
    arrow::StringBuilder s;
    for (int i = 0; i < 1'000'000; ++i) {
      ARROW_RETURN_NOT_OK(k.Append(static_cast<std::int64_t>(random() >> 2)));
      ARROW_RETURN_NOT_OK(g.Append(static_cast<std::int64_t>(random() % 1000)));
      ARROW_RETURN_NOT_OK(v.Append(static_cast<double>(random() >> 11) * 0x1p-53));
      char text[16];
      std::snprintf(text, sizeof text, "%08llu", static_cast<unsigned long long>(random() % 100'000'000));
      ARROW_RETURN_NOT_OK(s.Append(text, 8));
    }
    const auto schema = arrow::schema({arrow::field("k", arrow::int64()), arrow::field("g", arrow::int64()),
                                       arrow::field("v", arrow::float64()), arrow::field("s", arrow::utf8())});
    std::vector<std::shared_ptr<arrow::Array>> columns(4);
    ARROW_RETURN_NOT_OK(k.Finish(&columns[0]));
    ARROW_RETURN_NOT_OK(g.Finish(&columns[1]));
    ARROW_RETURN_NOT_OK(v.Finish(&columns[2]));
    ARROW_RETURN_NOT_OK(s.Finish(&columns[3]));
    char name[32];
    std::snprintf(name, sizeof name, "/%02d.parquet", file);
    ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::FileOutputStream::Open(folder + name));
    ARROW_RETURN_NOT_OK(
        parquet::arrow::WriteTable(*arrow::Table::Make(schema, columns), arrow::default_memory_pool(), out, 1 << 20));
    ARROW_RETURN_NOT_OK(out->Close());
  }
  return arrow::Status::OK();
}

void make_objects(const std::string& uri, std::size_t count, std::size_t size) {
  const sd::Storage bucket = sd::storage(uri);
  bucket.create();
  std::string bytes(size, '\0');
  std::mt19937 random(0);
  for (char& byte : bytes) byte = static_cast<char>(random());
  in_parallel(count, [&](std::size_t i) {
    char key[64];
    std::snprintf(key, sizeof key, "objects/%06zu.bin", i);
    bucket.put(key, bytes);
  });
}

std::vector<unsigned char> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "bench_data: cannot read %s\n", path.c_str());
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

void make_mnist(const std::string& uri, const std::string& idx) {
  const sd::Storage bucket = sd::storage(uri);
  bucket.create();
  for (const auto& [split, files] : {std::pair{"train", "train"}, std::pair{"test", "t10k"}}) {
    const auto images = read_file(idx + "/" + files + "-images-idx3-ubyte");
    const auto labels = read_file(idx + "/" + files + "-labels-idx1-ubyte");
    in_parallel(labels.size() - 8, [&, split = split](std::size_t i) {
      char key[64];
      std::snprintf(key, sizeof key, "%s/%d/%05zu.jpeg", split, labels[8 + i], i);
      bucket.put(key, encode(images.data() + 16 + i * 784, 28, 28, 1, 95));
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  if (what == "jpeg") make_jpegs(argv[2]);
  else if (what == "parquet") {
    if (const auto status = make_parquet(argv[2]); !status.ok()) {
      std::fprintf(stderr, "bench_data: %s\n", status.ToString().c_str());
      return 1;
    }
  } else if (what == "objects" && argc == 5) make_objects(argv[2], std::stoul(argv[3]), std::stoul(argv[4]));
  else if (what == "mnist" && argc == 4) make_mnist(argv[2], argv[3]);
  else {
    std::fprintf(stderr, "usage: bench_data jpeg|parquet FOLDER | objects URI COUNT SIZE | mnist URI IDX_FOLDER\n");
    return 2;
  }
}
