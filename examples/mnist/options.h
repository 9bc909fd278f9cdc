#pragma once

#include <cstdint>
#include <string>

namespace mnist {

/// How images are normalised: the three ways to write a step.
enum class Variant : std::uint8_t { batch_function, batch_class, row_function };

struct Options {
  std::string digits = ".deps/mnist";  ///< Folder of the four original files.
  std::string bucket;                  ///< URI or path; default below the folder for temporary files.
  Variant variant = Variant::batch_function;
  std::int64_t batch_size = 400;
  int epochs = 2;
  int concurrency = 0;               ///< Calls of a step at once; 0 = as many as there are CPUs.
  int processes = 0;                 ///< Worker processes that images are normalised in; 0 = threads of this one.
  std::int64_t images_max = 60'000;  ///< Of each set; few for --smoke.
  bool remove = false;               ///< Takes the digits out of the bucket in the end.
};

/// Reads the command line; says what it takes and ends the program where it is wrong or asks for help.
Options parse_options(int argc, char** argv);

}  // namespace mnist
