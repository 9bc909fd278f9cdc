#include <shoal/wire/codec.h>

#include <shoal/base/error.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace shoal::inline v1 {

void detail::throw_undecodable(std::string_view type, const Payload& payload, const Decoder& decoder) {
  throw_error(ErrorCode::corrupt_data, "bytes are no value of type " + std::string(type) + ": " + decoder.fault() +
                                           " (" + std::to_string(payload.size()) +
                                           " bytes); were writer and reader built from the same sources?");
}

// Bytes that lie in a store stand where its parts do, as the first of them.
void Codec<Payload>::encode(Encoder& to, const Payload& value) {
  const SharedBytes block = value.block();
  const bool is_stored = block.stored != nullptr;
  to.write_length(std::uint64_t{is_stored ? 0 : value.size()} << 1 | (is_stored ? 1 : 0));
  if (is_stored) {
    to.add_part(block);
  } else {
    to.write_bytes(value.data(), value.size());
  }
  to.write_length(value.refs().size());
  for (const ObjectId& ref : value.refs()) to.add_ref(ref);
  to.write_length(value.parts().size());
  for (const SharedBytes& part : value.parts()) to.add_part(part);
}

namespace {

Payload read_bytes(Decoder& from) {
  const std::uint64_t head = from.read_length();
  if ((head & 1) != 0) {
    SharedBytes block = from.take_part();
    const bool is_sound = head == 1 && block.stored != nullptr && block.size() > Payload::k_inline_max;
    if (from.ok() && is_sound) return Payload(std::move(block));
    from.fail("bytes that are to be stored are not");
    return {};
  }
  if (head >> 1 > from.left()) {
    from.fail("a length exceeds what is left");
    return {};
  }
  Payload payload(static_cast<std::size_t>(head >> 1));
  if (payload.size() > 0) std::memcpy(payload.data(), from.read_bytes(payload.size()), payload.size());
  return payload;
}

}  // namespace

void Codec<Payload>::decode(Decoder& from, Payload& value) {
  Payload payload = read_bytes(from);
  std::vector<ObjectId> refs(from.read_count(from.ref_bytes_min()));
  for (ObjectId& ref : refs) ref = from.take_ref();
  std::vector<SharedBytes> parts(from.read_count(1));
  for (SharedBytes& part : parts) part = from.take_part();
  if (!from.ok()) return;
  payload.set_beside(std::move(refs), std::move(parts));
  value = std::move(payload);
}

}  // namespace shoal::inline v1
