#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/io/testing/fuzz_inputs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shoal::data::fuzz_aws_config({reinterpret_cast<const char*>(data), size});
  return 0;
}
