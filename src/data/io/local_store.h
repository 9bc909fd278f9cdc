#pragma once

#include <memory>

#include "data/io/object_store.h"

namespace shoal::data {

/// Files below folders of this machine, as objects: a root is an absolute folder, a key the path below it.
///
/// What differs from a bucket: writing makes missing folders, the root included, and a key cannot be both an object
/// and the beginning of another ("a" and "a/b"); keys that are no file names below the root ("../x", "a//b", "a/")
/// are `invalid_argument` to write and `not_found` to read. remove() also takes folders away that became empty.
/// An upload survives a power loss once commit() returned, a put() once the system has written it back. Etags are "mtime-size". Thread-safe; holds no files open.
std::shared_ptr<ObjectStore> make_local_store();

}  // namespace shoal::data
