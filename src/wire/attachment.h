#pragma once

#include <shoal/wire/codec.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/posix.h"
#include "wire/limits.h"

namespace shoal::wire {

/// Open files that travel with a message, beside its bytes: a channel between processes of one machine puts those that came
/// where the bytes say how many there are. What was only decoded has null ones.
struct Attachment {
  std::vector<std::shared_ptr<const Fd>> files{};
};

}  // namespace shoal::wire

namespace shoal::inline v1 {

template <>
struct Codec<wire::Attachment> {
  static constexpr std::size_t k_bytes_min = 1;
  static void encode(Encoder& to, const wire::Attachment& value) { to.write_length(value.files.size()); }
  static void decode(Decoder& from, wire::Attachment& value) {
    const std::uint64_t count = from.read_length();
    if (count > wire::k_attached_max) return from.fail("more files are to come with it than may");
    value.files.resize(static_cast<std::size_t>(count));
  }
};

}  // namespace shoal::inline v1
