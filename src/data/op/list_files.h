#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/data/options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// Objects of a listing become rows, and rows become blocks; each block is the work of one fragment of the reader that
/// follows. What is cut where depends on the objects and the options alone, never on timing.
struct ListFilesOptions {
  std::vector<std::string> uris{};      ///< What each may be: data/op/object_feed.h. Read in this order.
  std::vector<std::string> suffixes{};  ///< Only keys that end in one of them; empty = all.
  StorageOptions storage{};
  std::optional<int> parallelism{};  ///< Blocks that few files are cut into; default the run's.
  std::int64_t range_bytes = 0;      ///< Larger files become several rows of such ranges; 0 = whole files.
};

/// The listing that readers begin with: path (the URI), key, size, etag, offset, length. Keys with a component that
/// begins with "." or "_" and that the URI did not name are left out, as are "folder" objects that end in a slash.
/// Errors of the run: not_found where a URI has no files, naming it.
/// Errors: invalid_argument (no URI, a malformed one), unsupported (a scheme).
Result<NodePtr> make_list_files(ListFilesOptions options);

/// The listing as a dataset: uri, key, size, etag, modified (timestamp in microseconds, UTC; null where unknown).
/// Nothing is left out; the prefixes of a listing that is not recursive have no size, etag and time.
Result<NodePtr> make_list_objects(std::vector<std::string> uris, ListOptions options);

/// Columns of make_list_files(), and where they stand.
SchemaPtr list_files_schema();
enum ListColumn : int { k_list_path, k_list_key, k_list_size, k_list_etag, k_list_offset, k_list_length };

}  // namespace shoal::data
