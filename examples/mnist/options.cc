#include "options.h"

#include <getopt.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace mnist {
namespace {

constexpr const char* k_usage =
    "Writes MNIST's digits as JPEGs into a bucket and reads them back as normalised training batches.\n"
    "  --bucket URI     s3://name (keys and endpoint from AWS_* variables) or a folder; default in the temporary folder\n"
    "  --digits DIR     the four original MNIST files; default .deps/mnist\n"
    "  --class          normalise with a class that is made once per worker, instead of a function\n"
    "  --rows           normalise row by row, with plain structs\n"
    "  --batch-size N   images in a batch; default 400\n"
    "  --epochs N       times the training set is read; default 2\n"
    "  --concurrency N  calls of a step at once; default one per CPU\n"
    "  --processes N    normalise in worker processes of a node with N CPUs, instead of threads; logs their numbers\n"
    "  --smoke          only 1,200 images of each set\n"
    "  --remove         take the digits out of the bucket in the end\n";

[[noreturn]] void stop(int status) {
  (status == 0 ? std::cout : std::cerr) << k_usage;
  std::exit(status);
}

long number(const char* text) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < 1) {
    std::cerr << "mnist: " << text << " is no number above 0\n";
    stop(2);
  }
  return value;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  static const option known[] = {
      {"bucket", required_argument, nullptr, 'b'},
      {"digits", required_argument, nullptr, 'd'},
      {"class", no_argument, nullptr, 'c'},
      {"rows", no_argument, nullptr, 'r'},
      {"batch-size", required_argument, nullptr, 'n'},
      {"epochs", required_argument, nullptr, 'e'},
      {"concurrency", required_argument, nullptr, 'p'},
      {"processes", required_argument, nullptr, 'w'},
      {"smoke", no_argument, nullptr, 's'},
      {"remove", no_argument, nullptr, 'x'},
      {"help", no_argument, nullptr, 'h'},
      {nullptr, 0, nullptr, 0},
  };
  Options options;
  for (int what = 0; (what = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    switch (what) {
      case 'b': options.bucket = optarg; break;
      case 'd': options.digits = optarg; break;
      case 'c': options.variant = Variant::batch_class; break;
      case 'r': options.variant = Variant::row_function; break;
      case 'n': options.batch_size = number(optarg); break;
      case 'e': options.epochs = static_cast<int>(number(optarg)); break;
      case 'p': options.concurrency = static_cast<int>(number(optarg)); break;
      case 'w': options.processes = static_cast<int>(number(optarg)); break;
      case 's': options.images_max = 1200; break;
      case 'x': options.remove = true; break;
      default: stop(what == 'h' ? 0 : 2);
    }
  }
  if (optind != argc) stop(2);
  if (options.bucket.empty()) {
    const bool is_smoke = options.images_max < 60'000;
    options.bucket = std::filesystem::temp_directory_path() / (is_smoke ? "shoal-mnist-smoke" : "shoal-mnist");
  }
  while (options.bucket.ends_with('/')) options.bucket.pop_back();
  return options;
}

}  // namespace mnist
