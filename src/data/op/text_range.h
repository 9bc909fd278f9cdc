#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "data/op/read_files.h"

namespace shoal::data {

/// Bytes that a range of text is read with: one before, to see whether a line begins at the range's first byte, and
/// so many after that the last line's end is among them as a rule.
inline constexpr FileMargin k_text_margin{.before = 1, .after = 64 << 10};

/// The lines that begin in one range of a file, one after the other. Holds the range's bytes.
class TextRange {
 public:
  /// More bytes of the file from `offset` on.
  using ReadMore = std::function<Result<Bytes>(std::int64_t offset, std::int64_t length)>;

  /// A line with its place in the file. Valid until the next call.
  struct Line {
    std::string_view text;  ///< Without its end.
    std::int64_t offset = 0;
  };

  TextRange(FetchedFile file, ReadMore read_more);

  /// The next line; not set at the end. Errors: corrupt_data (longer than k_line_bytes_max), and those of reading.
  Result<std::optional<Line>> next();

  const std::string& path() const { return path_; }

 private:
  Result<std::optional<Line>> long_line(std::int64_t begin);
  std::string_view bytes() const { return file_.bytes.view(); }

  FetchedFile file_;
  const std::string path_;
  const ReadMore read_more_;
  std::int64_t start_ = 0;   // in the file, of bytes()
  std::int64_t at_ = 0;      // in the file, of the next line
  std::int64_t end_ = 0;     // in the file: lines that begin here belong to the next range
  bool skip_first_ = false;  // the first line began in an earlier range
  std::string long_line_;
};

}  // namespace shoal::data
