#pragma once

#include <memory>

#include "data/io/object_store.h"

namespace shoal::data {

/// Files below folders of this machine, as objects.
std::shared_ptr<ObjectStore> make_local_store();

}  // namespace shoal::data
