#include <shoal/api/submit.h>
#include <shoal/base/error.h>

#include <utility>

#include "api/current_session.h"
#include "api/templates.h"

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
