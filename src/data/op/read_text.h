#pragma once

#include <string>
#include <vector>

#include <shoal/data/read_options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// Ranges that large text files are cut into; smaller where blocks are.
inline constexpr std::int64_t k_text_range_bytes = 32 << 20;
/// A longer line is an error: it is no text, and one line must be in memory as a whole.
inline constexpr std::int64_t k_line_bytes_max = 256 << 20;

/// Lines of text, one row each: path (by option), text (utf8). A line belongs to the range in which it begins, so that
/// ranges of one file can be read by different fragments. A byte order mark at a file's beginning is left out.
/// Errors: those of make_list_files(). Errors of the run: corrupt_data with path and offset for a line that is not
/// UTF-8 or too long.
Result<NodePtr> make_read_text(std::vector<std::string> uris, TextOptions options);

/// As make_read_text(), with ranges of `range_bytes`.
Result<NodePtr> make_read_text_ranges(std::vector<std::string> uris, TextOptions options, std::int64_t range_bytes);

}  // namespace shoal::data
