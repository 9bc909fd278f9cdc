#include <fmt/format.h>
#include <shoal/api/actor.h>
#include <shoal/base/error.h>

#include <utility>

#include "api/current_session.h"
#include "api/demand.h"
#include "api/raise.h"
#include "api/templates.h"
#include "shell/running_call.h"

namespace shoal::inline v1 {
namespace detail {
namespace {

/// A pointer to a member function as the Itanium C++ ABI lays it out (2.3): code or, of a virtual one, an offset, and what
/// is added to `this`. https://itanium-cxx-abi.github.io/cxx-abi/abi.html#member-function-pointers
struct MemberPointer {
  std::uintptr_t code = 0;
  std::ptrdiff_t adjustment = 0;

  static MemberPointer of(const void* member, std::size_t size) {
    MemberPointer pointer;
    if (size != sizeof pointer)
      throw Unsupported(ErrorCode::unsupported, "call: this is no pointer as the Itanium ABI has it");
    std::memcpy(&pointer, member, size);
    return pointer;
  }
#if defined(__aarch64__) || defined(__arm__)
  bool is_virtual() const { return (adjustment & 1) != 0; }
#else
  bool is_virtual() const { return (code & 1) != 0; }
#endif
};

void require_actor(const Handle& actor, const char* call) {
  if (!actor) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          fmt::format("{}: the Actor is empty: it is none until it is assigned to", call));
  }
}

int at_least(const std::string& name, const char* option, int value, int least) {
  if (value < least) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          fmt::format("actor {}: {} = {} is less than {}", name, option, value, least));
  }
  return value;
}

wire::ActorSpec spec_of(const Code& code, const ActorOptions& options) {
  wire::ActorSpec spec;
  const std::string name = options.name.empty() ? std::string(code.type) : options.name;
  spec.constructor.function = function_id(reinterpret_cast<const void*>(code.entry));
  spec.constructor.name = std::string(code.type);
  spec.constructor.resources = to_resources("actor " + name,
                                            {options.num_cpus, options.num_gpus, options.memory, options.resources});
  spec.constructor.strategy = to_strategy(options.strategy);
  spec.constructor.results = 0;
  spec.name = options.name;
  spec.get_if_exists = options.get_if_exists;
  spec.detached = options.detached;
  spec.restarts = at_least(name, "max_restarts", options.max_restarts, -1);
  spec.call_retries = at_least(name, "max_call_retries", options.max_call_retries, -1);
  spec.threads = static_cast<std::uint32_t>(at_least(name, "threads", options.threads, 1));
  if (options.get_if_exists && options.name.empty()) {
    throw InvalidArgument(ErrorCode::invalid_argument, fmt::format("actor {}: get_if_exists needs a name", name));
  }
  return spec;
}

}  // namespace

void encode_member(Encoder& to, const void* member, std::size_t size) {
  const MemberPointer pointer = MemberPointer::of(member, size);
  if (pointer.code == 0)
    throw InvalidArgument(ErrorCode::invalid_argument, "call: the pointer to the function is null");
  to.write_number(pointer.is_virtual());
  to.write_number(pointer.adjustment);
  if (pointer.is_virtual()) {
    to.write_number(pointer.code);
  } else {
    encode_code(to, reinterpret_cast<const void*>(pointer.code));
  }
}

void decode_member(Decoder& from, void* member, std::size_t size) {
  MemberPointer pointer;
  const bool is_virtual = from.read_number<std::uint8_t>() != 0;
  pointer.adjustment = from.read_number<std::ptrdiff_t>();
  pointer.code = is_virtual ? from.read_number<std::uintptr_t>() : reinterpret_cast<std::uintptr_t>(decode_code(from));
  if (!from.ok() || size != sizeof pointer) throw_bad_arguments(from);
  std::memcpy(member, &pointer, size);
}

const void* key_of_member(const void* member, std::size_t size) {
  return reinterpret_cast<const void*>(MemberPointer::of(member, size).code);
}

Handle spawn(const Code& code, const ActorOptions& options, Packer& packed) {
  shell::OwnerStation& home = home_of_this_thread();
  owner::ActorRequest request{.spec = spec_of(code, options)};
  request.spec.arguments = packed.encoder.finish();
  request.resolve = resolve_of(packed, home);
  return {home, home.create_actor(std::move(request))};
}

void call(const Handle& actor, const Code& code, Packer& packed, std::span<Handle> results) {
  require_actor(actor, "call");
  shell::OwnerStation& home = home_of_this_thread();
  check_passable(actor, home);
  owner::TaskRequest request = request_of(code, nullptr, packed, home);
  home.call(*actor.object(), std::move(request), results);
}

Handle find_actor(const std::string& name) {
  shell::OwnerStation& home = home_of_this_thread();
  const Handle found(home, home.find_actor(name));
  Payload pinned;
  const Payload& value = value_of(found, std::nullopt, pinned);
  OpenedValue source(found);
  return source.open(value.refs().front());
}

void kill_actor(const Handle& actor, const KillOptions& options) {
  require_actor(actor, "kill");
  actor.home().kill_actor(*actor.object(), options.restart,
                          "kill() was called by " + to_string(home_of_this_thread().self()));
}

}  // namespace detail

void exit_actor() {
  const shell::RunningCall* const call = shell::RunningCall::of_this_thread();
  if (call == nullptr || call->execution().role != owner::Role::call) {
    throw InvalidArgument(ErrorCode::invalid_argument, "exit_actor: this thread runs no call of an actor");
  }
  call->home().exit_actor();
}

}  // namespace shoal::inline v1
