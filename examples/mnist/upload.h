#pragma once

#include <cstdint>
#include <string>

namespace mnist {

/// Writes the first `images` digits of a set ("train" or "test") as JPEGs to `<bucket>/<set>/<label>/<uuid>.jpeg`, and
/// creates the bucket if need be. Does nothing where the bucket has as many already. A digit's uuid is always the
/// same, so an upload that was cut off is completed by the next.
void upload(const std::string& digits, const std::string& set, std::int64_t images, const std::string& bucket);

/// Removes the set from the bucket.
void remove(const std::string& set, const std::string& bucket);

}  // namespace mnist
