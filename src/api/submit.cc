#include <shoal/api/submit.h>
#include <shoal/base/error.h>

#include <utility>

#include "api/current_session.h"
#include "api/templates.h"
#include "base/code_address.h"

namespace shoal::inline v1::detail {

std::vector<owner::Object*> resolve_of(const Packer& packed, const shell::OwnerStation& home) {
  std::vector<owner::Object*> objects;
  objects.reserve(packed.resolve.size());
  for (const Handle& handle : packed.resolve) {
    check_passable(handle, home);
    objects.push_back(handle.object());
  }
  return objects;
}

owner::TaskRequest request_of(const Code& code, const TaskOptions* options, Packer& packed,
                              const shell::OwnerStation& home) {
  return {
      .what = template_of(code, options), .arguments = packed.encoder.finish(), .resolve = resolve_of(packed, home)};
}

void submit(const Code& code, const TaskOptions* options, Packer& packed, std::span<Handle> results) {
  shell::OwnerStation& home = home_of_this_thread();
  home.submit(request_of(code, options, packed, home), results);
}

void encode_code(Encoder& to, const void* code) {
  if (code == nullptr) throw InvalidArgument(ErrorCode::invalid_argument, "submit: the function pointer is null");
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
  if (!from.ok()) throw_bad_arguments(from);
  if (code == nullptr || address != last) {
    code = code_at(address).value_or_throw();
    last = address;
  }
  return code;
}

const Payload& Unpacker::next() {
  if (next_ == resolved_.size()) {
    decoder.fail("a value of a reference is missing");
    throw_bad_arguments(decoder);
  }
  return resolved_[next_++];
}

void throw_bad_arguments(const Decoder& decoder) {
  throw CorruptData(ErrorCode::corrupt_data,
                    std::string("the arguments are not what the function takes: ") + decoder.fault());
}

}  // namespace shoal::inline v1::detail
