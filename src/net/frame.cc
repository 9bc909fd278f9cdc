#include "net/frame.h"

#include <string>
#include <variant>

#include "wire/values.h"

namespace shoal::net {
wire::Attachment* attachment_of(wire::Message& message) {
  if (auto* const store = std::get_if<wire::StoreIs>(&message)) return &store->files;
  auto* const extent = std::get_if<wire::ExtentIs>(&message);
  return extent == nullptr ? nullptr : &extent->files;
}
std::size_t weight_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& each : texts) bytes += sizeof(std::string) + each.size();
  return bytes;
}

const wire::Attachment* attachment_of(const wire::Message& message) {
  return attachment_of(const_cast<wire::Message&>(message));
}

std::size_t weight(const wire::Message& message) {
  std::size_t bytes = sizeof(wire::Message);
  wire::for_each_value(message, [&](const Payload& value) { bytes += sizeof(Payload) + value.carried_bytes(); });
  return bytes;
}

}  // namespace shoal::net
