#include <shoal/wire/codec.h>

#include <shoal/base/error.h>

#include <string>
#include <utility>
#include <vector>

namespace shoal::inline v1 {

void detail::throw_undecodable(std::string_view type, const Payload& payload, const Decoder& decoder) {
  throw_error(ErrorCode::corrupt_data, "bytes are no value of type " + std::string(type) + ": " + decoder.fault() +
                                           " (" + std::to_string(payload.size()) +
                                           " bytes); were writer and reader built from the same sources?");
}

void Codec<Payload>::encode(Encoder& to, const Payload& value) {
  to.write_length(value.size());
  to.write_bytes(value.data(), value.size());
  to.write_length(value.refs().size());
  for (const ObjectId& ref : value.refs()) to.add_ref(ref);
  to.write_length(value.parts().size());
  for (const SharedBytes& part : value.parts()) to.add_part(part);
}

void Codec<Payload>::decode(Decoder& from, Payload& value) {
  const std::size_t size = from.read_count(1);
  Payload payload(size);
  if (size > 0) std::memcpy(payload.data(), from.read_bytes(size), size);
  std::vector<ObjectId> refs(from.read_count(from.ref_bytes_min()));
  for (ObjectId& ref : refs) ref = from.take_ref();
  std::vector<SharedBytes> parts(from.read_count(1));
  for (SharedBytes& part : parts) part = from.take_part();
  if (!from.ok()) return;
  payload.set_beside(std::move(refs), std::move(parts));
  value = std::move(payload);
}

}  // namespace shoal::inline v1
