#pragma once

#include <memory>

#include "data/op/image.h"

namespace shoal::data {

/// PNG by libpng: every colour type and depth. 16-bit samples become 8-bit, palettes colours; transparency is left
/// out, that is, pixels have the colour that is stored for them. Bytes that are cut off or whose checksums are wrong
/// are `corrupt_data`.
std::unique_ptr<ImageDecoder> make_png_decoder();

}  // namespace shoal::data
