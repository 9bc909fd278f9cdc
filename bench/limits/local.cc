// The limits for the lines that need no server: the plainest program that does the same work.
//
//   limit_local jpeg FOLDER       threads = cores; each reads a file, decodes it, halves it, writes floats
//   limit_local parquet FOLDER    Arrow's own dataset scan of the columns g and v, batch after batch
//   limit_local rows N            a loop over N plain structs
//   limit_local handover N        blocks of one row through a mutex and a condition variable, 64 in flight
//
// Prints one JSON line.
#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/dataset/api.h>
#include <arrow/filesystem/localfs.h>
#include <arrow/record_batch.h>
#include <jpeglib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../measure.h"

namespace {

using bench::Clock;
using bench::seconds_since;

// Decodes one JPEG two rows at a time and keeps every second pixel of every second row as a float.
void decode_halved(const std::vector<unsigned char>& file, std::vector<unsigned char>& rows, std::vector<float>& out) {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, file.data(), file.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  const std::size_t width = jpeg.output_width;
  const std::size_t half = (width + 1) / 2;
  rows.resize(width * 3 * 2 + 4);
  out.resize(half * 3 * ((jpeg.output_height + 1) / 2));
  unsigned char* pair[2] = {rows.data() + 4, rows.data() + 4 + width * 3};
  while (jpeg.output_scanline < jpeg.output_height) {
    const std::size_t first = jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, pair, 1);
    if (jpeg.output_scanline < jpeg.output_height) jpeg_read_scanlines(&jpeg, pair + 1, 1);
    float* line = out.data() + first / 2 * half * 3;
    for (std::size_t x = 0; x < half; ++x) {
      for (std::size_t c = 0; c < 3; ++c) line[3 * x + c] = static_cast<float>(pair[0][6 * x + c]) / 255.f;
    }
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
}

void jpeg(const char* folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  const auto start = Clock::now();
  std::atomic<std::size_t> next{0};
  std::vector<std::vector<float>> images(paths.size());
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::thread::hardware_concurrency(); ++t) {
    threads.emplace_back([&] {
      std::vector<unsigned char> file, rows;
      for (std::size_t i; (i = next++) < paths.size();) {
        file.resize(std::filesystem::file_size(paths[i]));
        std::ifstream in(paths[i], std::ios::binary);
        in.read(reinterpret_cast<char*>(file.data()), static_cast<std::streamsize>(file.size()));
        decode_halved(file, rows, images[i]);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = seconds_since(start);
  bench::print({static_cast<double>(paths.size()) / seconds, static_cast<std::int64_t>(paths.size())});
}

arrow::Result<std::int64_t> scan(const char* folder) {
  namespace ds = arrow::dataset;
  arrow::fs::FileSelector selector;
  selector.base_dir = folder;
  auto files = std::make_shared<arrow::fs::LocalFileSystem>();
  ARROW_ASSIGN_OR_RAISE(
      auto factory, ds::FileSystemDatasetFactory::Make(files, selector, std::make_shared<ds::ParquetFileFormat>(), {}));
  ARROW_ASSIGN_OR_RAISE(auto dataset, factory->Finish());
  ARROW_ASSIGN_OR_RAISE(auto builder, dataset->NewScan());
  ARROW_RETURN_NOT_OK(builder->Project(std::vector<std::string>{"g", "v"}));
  ARROW_ASSIGN_OR_RAISE(auto scanner, builder->Finish());
  ARROW_ASSIGN_OR_RAISE(auto batches, scanner->ToRecordBatchReader());
  std::int64_t rows = 0;
  for (std::shared_ptr<arrow::RecordBatch> batch;; rows += batch->num_rows()) {
    ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
    if (batch == nullptr) return rows;
  }
}

void scan_all(const char* folder) {
  if (!arrow::compute::Initialize().ok()) std::exit(1);
  const auto start = Clock::now();
  const auto rows = scan(folder);
  if (!rows.ok()) {
    std::fprintf(stderr, "limit_local: %s\n", rows.status().ToString().c_str());
    std::exit(1);
  }
  const double seconds = seconds_since(start);
  bench::print({seconds, *rows});
}

struct Item {
  std::int64_t id = 0;
};

void rows(long count) {
  std::vector<Item> in(static_cast<std::size_t>(count)), out;
  for (long i = 0; i < count; ++i) in[static_cast<std::size_t>(i)].id = i;
  Item (*volatile step)(Item) = [](Item item) { return Item{item.id + 1}; };
  const auto start = Clock::now();
  out.reserve(in.size());
  for (const Item& item : in) out.push_back(step(item));
  const double seconds = seconds_since(start);
  bench::print({seconds, count});
}

void handover(long count) {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<std::vector<std::int64_t>>> queue;
  const auto start = Clock::now();
  std::thread producer([&] {
    for (long i = 0; i < count; ++i) {
      auto block = std::make_shared<std::vector<std::int64_t>>(1, i);
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return queue.size() < 64; });
      queue.push_back(std::move(block));
      changed.notify_all();
    }
  });
  for (long i = 0; i < count; ++i) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !queue.empty(); });
    queue.pop_front();
    changed.notify_all();
  }
  producer.join();
  const double seconds = seconds_since(start);
  bench::print({1e6 * seconds / static_cast<double>(count), count});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: limit_local jpeg|parquet|rows|handover ARGUMENT\n");
    return 2;
  }
  const std::string line = argv[1];
  if (line == "jpeg") jpeg(argv[2]);
  else if (line == "parquet") scan_all(argv[2]);
  else if (line == "rows") rows(std::atol(argv[2]));
  else if (line == "handover") handover(std::atol(argv[2]));
  else return 2;
}
