#include <shoal/wire/callable.h>

#include <shoal/base/error.h>

#include "base/code_address.h"

namespace shoal::inline v1::detail {

void encode_code(Encoder& to, const void* code) {
  if (code == nullptr)
    throw InvalidArgument(ErrorCode::invalid_argument, "a function pointer that is to travel is null");
  thread_local const void* last = nullptr;
  thread_local CodeAddress address;
  if (code != last) {
    address = code_address(code).value_or_throw();
    last = code;
  }
  to.write_number(address.module);
  to.write_number(address.offset);
}

const void* decode_code(Decoder& from) {
  thread_local CodeAddress last;
  thread_local const void* code = nullptr;
  CodeAddress address;
  address.module = from.read_number<std::uint64_t>();
  address.offset = from.read_number<std::uint64_t>();
  if (!from.ok()) return nullptr;
  if (code == nullptr || address != last) {
    code = code_at(address).value_or_throw();
    last = address;
  }
  return code;
}

}  // namespace shoal::inline v1::detail
