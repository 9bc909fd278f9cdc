#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shoal::data {

enum class UriScheme : std::uint8_t { file, s3 };

/// A URI or plain path, taken apart. Parsing does no I/O.
struct Uri {
  UriScheme scheme{};
  std::string bucket{};  ///< Of s3; empty for files.
  std::string path{};    ///< The key (as written), or the file path (decoded, relative where it was given so).
  friend bool operator==(const Uri&, const Uri&) = default;
};

/// Takes "s3://bucket/key", "file:///path", "file:/path" or a plain path apart. Percent escapes are decoded in file
/// URIs only: keys of S3 and plain paths stand as they are. A trailing slash stays, it says "a folder".
/// Errors: invalid_argument (malformed), unsupported (a scheme that is not built, by name).
Result<Uri> parse_uri(std::string_view text);

/// Whether a bucket may have the name: such a name cannot be part of a host or path by mistake.
bool is_bucket_name(std::string_view name);

/// "file:///path" of an absolute path, with the escapes that parse_uri() undoes.
std::string file_uri(std::string_view absolute_path);

/// `path` below `working_folder` where it is relative, without ".", ".." and doubled slashes; decided by the text
/// alone, so ".." after a symbolic link means the folder that the text shows. A trailing slash stays.
/// Precondition: `working_folder` is absolute.
std::string absolute_path(std::string_view path, std::string_view working_folder);

/// Whether an object of this key can be a file below a folder: relative, not empty, and no component is empty, "."
/// or "..". Keys come from whoever filled the bucket, so a key that fails never becomes a path.
bool is_file_key(std::string_view key);

}  // namespace shoal::data
