#pragma once

#include <memory>

#include "data/op/image.h"

namespace shoal::data {

/// JPEG by libjpeg-turbo: baseline and progressive, gray, YCbCr, RGB, CMYK and YCCK. Decodes at 1/2, 1/4 or 1/8 where
/// the target is that much smaller. Bytes that are cut off or damaged are `corrupt_data`.
std::unique_ptr<ImageDecoder> make_jpeg_decoder();

}  // namespace shoal::data
