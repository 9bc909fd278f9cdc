#include "data/op/ship_function.h"

#include <shoal/wire/callable.h>

namespace shoal::inline v1 {

void Codec<data::ShippedFunction>::encode(Encoder& to, const data::ShippedFunction& function) {
  detail::encode_code(to, reinterpret_cast<const void*>(function.spec->decode));
  function.spec->encode(to);
}

void Codec<data::ShippedFunction>::decode(Decoder& from, data::ShippedFunction& function) {
  using Decode = decltype(data::detail::FunctionSpec::decode);
  const void* const code = detail::decode_code(from);
  if (!from.ok()) return;
  function.spec = reinterpret_cast<Decode>(const_cast<void*>(code))(from);
  if (function.spec == nullptr) from.fail("a function is not what was sent");
}

}  // namespace shoal::inline v1
