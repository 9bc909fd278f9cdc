#include "data/io/http_chunks.h"

#include <algorithm>
#include <charconv>

namespace shoal::data {
namespace {

constexpr std::size_t k_line_max = 1024;
constexpr int k_trailers_max = 64;
constexpr std::size_t k_size_digits_max = 15;  // fits into 64 bits with room

Status bad_chunks(const char* why) {
  return Status(ErrorCode::corrupt_data, std::string("the server's reply has bad chunks: ") + why);
}

}  // namespace

Result<std::size_t> HttpChunkDecoder::feed(std::string_view bytes, std::string& out, std::size_t out_max) {
  std::size_t at = 0;
  while (at < bytes.size() && stage_ != Stage::done) {
    if (stage_ == Stage::data) {
      const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(missing_, bytes.size() - at));
      out.append(bytes.substr(at, n));
      at += n;
      missing_ -= n;
      if (missing_ == 0) stage_ = Stage::data_end;
      continue;
    }
    const char c = bytes[at++];
    if (c != '\n') {
      line_ += c;
      if (line_.size() > k_line_max) return bad_chunks("a line is too long");
      continue;
    }
    if (!line_.ends_with('\r')) return bad_chunks("a line does not end in CR LF");
    line_.pop_back();
    SHOAL_RETURN_IF_ERROR(take_line());
    line_.clear();
    if (stage_ == Stage::data && missing_ > out_max - std::min(out_max, out.size())) return bad_chunks("too long");
  }
  return at;
}

Status HttpChunkDecoder::take_line() {
  switch (stage_) {
    case Stage::size_line: return take_size();
    case Stage::data_end:
      stage_ = Stage::size_line;
      return line_.empty() ? Status() : bad_chunks("a chunk is longer than it says");
    case Stage::trailer:
      if (line_.empty()) stage_ = Stage::done;
      return ++trailers_ > k_trailers_max ? bad_chunks("too many trailers") : Status();
    default: return bad_chunks("out of order");
  }
}

Status HttpChunkDecoder::take_size() {
  const std::size_t digits = line_.find_first_not_of("0123456789abcdefABCDEF");
  const std::string_view number = std::string_view(line_).substr(0, digits);
  const bool extended = digits == std::string::npos || line_[digits] == ';' || line_[digits] == ' ';
  if (number.empty() || number.size() > k_size_digits_max || !extended) return bad_chunks("a size is no number");
  std::from_chars(number.data(), number.data() + number.size(), missing_, 16);
  stage_ = missing_ == 0 ? Stage::trailer : Stage::data;
  return Status();
}

}  // namespace shoal::data
