#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shoal::data {

/// Undoes the chunked transfer coding of one body, from bytes as they come. Beast's own decoder is not used: bytes of
/// a hostile server run into its assertions. Limits: 1 KiB per line, 64 trailer lines.
class HttpChunkDecoder {
 public:
  /// Takes bytes and appends the body's to `out`; returns how many were used, all of them unless done(). Errors:
  /// corrupt_data (not chunks, or `out` would get longer than `out_max`).
  Result<std::size_t> feed(std::string_view bytes, std::string& out, std::size_t out_max);
  bool done() const { return stage_ == Stage::done; }

 private:
  enum class Stage : std::uint8_t { size_line, data, data_end, trailer, done };
  Status take_line();
  Status take_size();

  Stage stage_ = Stage::size_line;
  std::string line_;           // of a size, of the end of data, or of a trailer
  std::uint64_t missing_ = 0;  // bytes of the chunk to come
  int trailers_ = 0;
};

}  // namespace shoal::data
