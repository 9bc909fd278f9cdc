#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "data/io/object_store.h"
#include "data/io/posix_file.h"

namespace shoal::data {

/// The etag of a file: "mtime-size", time in nanoseconds.
std::string file_etag(std::int64_t mtime_ns, std::int64_t size);

/// Name of a file that is still being written; listings leave such names out.
bool is_unfinished_name(std::string_view name);
std::string unfinished_name();  ///< A new one, at random.

/// Walks the folder `root` in order of the keys' bytes, one folder at a time: no more than the names of the folders
/// between the root and the current file are in memory. Symbolic links are followed, once around a loop. Sockets,
/// pipes and devices are left out. Errors: not_found (no root), invalid_argument (a prefix with ".." or "//").
Result<std::unique_ptr<ObjectLister>> make_local_lister(const std::string& root, const std::string& prefix,
                                                        const ListOptions& options, const std::stop_token& stop);

}  // namespace shoal::data
