#include "net/frame.h"

#include <string>
#include <variant>
#include <vector>

namespace shoal::net {
namespace {

std::size_t weight_of(const Payload& payload) { return payload.total_bytes(); }
std::size_t weight_of(const std::vector<Payload>& payloads) {
  std::size_t bytes = 0;
  for (const Payload& each : payloads) bytes += sizeof(Payload) + each.total_bytes();
  return bytes;
}
std::size_t weight_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& each : texts) bytes += sizeof(std::string) + each.size();
  return bytes;
}

/// Of the members that hold values, which have the same names in all messages.
template <class M>
std::size_t values_of(const M& message) {
  std::size_t bytes = 0;
  if constexpr (requires { message.arguments; }) bytes += weight_of(message.arguments);
  if constexpr (requires { message.resolved; }) bytes += weight_of(message.resolved);
  if constexpr (requires { message.result; }) bytes += weight_of(message.result);
  if constexpr (requires { message.more; }) bytes += weight_of(message.more);
  if constexpr (requires { message.value; }) bytes += weight_of(message.value);
  return bytes;
}

struct Weigh {
  template <class M>
  std::size_t operator()(const M& message) const {
    if constexpr (requires { message.spec; }) {
      return message.spec == nullptr ? 0 : values_of(*message.spec);
    } else {
      return values_of(message);
    }
  }
};

}  // namespace

std::size_t weight(const wire::Message& message) { return sizeof(wire::Message) + std::visit(Weigh{}, message); }

}  // namespace shoal::net
