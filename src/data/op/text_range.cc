#include "data/op/text_range.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "data/op/read_text.h"

namespace shoal::data {
namespace {

constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";
constexpr std::int64_t k_more_bytes_max = 8 << 20;  // of one request for the rest of a line

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

TextRange::TextRange(FetchedFile file, ReadMore read_more)
    : file_(std::move(file)), path_(file_.path), read_more_(std::move(read_more)) {
  start_ = std::max<std::int64_t>(0, file_.offset - k_text_margin.before);
  end_ = file_.offset + file_.length;
  at_ = file_.offset;
  if (file_.offset == 0) {
    if (bytes().starts_with(k_byte_order_mark)) at_ = static_cast<std::int64_t>(k_byte_order_mark.size());
  } else {
    skip_first_ = true;
    at_ = start_;  // if the byte before the range ends a line, what is skipped is only that byte
  }
}

Result<std::optional<TextRange::Line>> TextRange::next() {
  while (at_ < end_ && at_ < file_.size) {
    const std::string_view rest = bytes().substr(static_cast<std::size_t>(at_ - start_));
    const std::size_t length = rest.find('\n');
    const std::int64_t begin = at_;
    if (length == std::string_view::npos && start_ + static_cast<std::int64_t>(bytes().size()) < file_.size) {
      if (skip_first_) break;  // no line begins in this range, and where the long one ends is another's matter
      return long_line(begin);
    }
    const std::string_view line = rest.substr(0, length);
    at_ += static_cast<std::int64_t>(line.size()) + (length == std::string_view::npos ? 0 : 1);
    if (std::exchange(skip_first_, false)) continue;
    return std::optional(Line{without_return(line), begin});
  }
  return std::optional<Line>();
}

Result<std::optional<TextRange::Line>> TextRange::long_line(std::int64_t begin) {
  long_line_ = bytes().substr(static_cast<std::size_t>(begin - start_));
  std::int64_t more = k_text_margin.after;
  while (true) {
    const std::int64_t offset = begin + static_cast<std::int64_t>(long_line_.size());
    if (offset >= file_.size) break;
    if (offset - begin > k_line_bytes_max) {
      return Status(ErrorCode::corrupt_data, path_ + ": the line that begins at byte " + std::to_string(begin) +
                                                 " is longer than 256 MiB; is it a text file?");
    }
    more = std::min(more * 2, k_more_bytes_max);
    SHOAL_ASSIGN_OR_RETURN(Bytes bytes, read_more_(offset, std::min(more, file_.size - offset)));
    const std::size_t length = bytes.view().find('\n');
    long_line_ += bytes.view().substr(0, length);
    if (length != std::string_view::npos) break;
  }
  at_ = file_.size;  // nothing else begins in this range
  return std::optional(Line{without_return(long_line_), begin});
}

}  // namespace shoal::data
