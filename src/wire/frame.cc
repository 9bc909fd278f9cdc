#include "wire/frame.h"

#include <shoal/wire/codec.h>

#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "wire/pointee.h"

namespace shoal::wire {
namespace {

constexpr std::size_t k_types = std::variant_size_v<Message>;

template <std::size_t Type>
void read_as(Decoder& from, Message& message) {
  decode(from, message.emplace<Type>());
}

/// One function a type.
template <std::size_t... Type>
void read_type(Decoder& from, Message& message, std::size_t type, std::index_sequence<Type...>) {
  using Read = void (*)(Decoder&, Message&);
  static constexpr Read k_read[] = {&read_as<Type>...};
  k_read[type](from, message);
}

Status corrupt(const std::string& text) { return Status(ErrorCode::corrupt_data, "a frame that a peer sent " + text); }

}  // namespace

Status append_frame(std::vector<std::uint8_t>& frames, const Message& message, std::uint64_t correlation) {
  const std::size_t before = frames.size();
  frames.resize(before + k_frame_header_bytes);
  Encoder encoder(frames);
  std::visit([&encoder](const auto& what) { encode(encoder, what); }, message);
  const std::size_t length = encoder.size();
  if (length > k_frame_bytes_max) {
    frames.resize(before);
    return Status(ErrorCode::invalid_argument, "a message of " + std::to_string(length) + " bytes is longer than " +
                                                   std::to_string(k_frame_bytes_max) +
                                                   "; pass less by value in one argument or result");
  }
  encoder.finish_frame();
  const FrameHeader header{.length = static_cast<std::uint32_t>(length),
                           .type = static_cast<std::uint16_t>(message.index()),
                           .flags = 0,
                           .correlation = correlation};
  std::memcpy(frames.data() + before, &header, k_frame_header_bytes);
  return {};
}

Result<FrameHeader> parse_header(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < k_frame_header_bytes) return corrupt("ends within its header");
  FrameHeader header;
  std::memcpy(&header, bytes.data(), k_frame_header_bytes);
  if (header.type >= k_types) return corrupt("has type " + std::to_string(header.type) + ", which is none");
  if (header.flags != 0) return corrupt("has flags, of which there are none");
  if (header.length > k_frame_bytes_max) return corrupt("is " + std::to_string(header.length) + " bytes long");
  return header;
}

Result<Message> parse_message(const FrameHeader& header, std::span<const std::uint8_t> bytes) {
  if (header.type >= k_types || header.length != bytes.size()) return corrupt("is not as long as it says");
  Message message;
  Decoder decoder(bytes);
  read_type(decoder, message, header.type, std::make_index_sequence<k_types>());
  if (!decoder.finish()) return corrupt("of type " + std::to_string(header.type) + " is malformed: " + decoder.fault());
  return message;
}

Result<Frame> parse(std::span<const std::uint8_t> bytes) {
  SHOAL_ASSIGN_OR_RETURN(const FrameHeader header, parse_header(bytes));
  bytes = bytes.subspan(k_frame_header_bytes);
  if (bytes.size() < header.length) return corrupt("ends too early");
  SHOAL_ASSIGN_OR_RETURN(Message message, parse_message(header, bytes.first(header.length)));
  return Frame{
      .correlation = header.correlation, .message = std::move(message), .bytes = k_frame_header_bytes + header.length};
}

Message transcode(Message message) {
  thread_local std::vector<std::uint8_t> bytes;
  bytes.clear();
  append_frame(bytes, message, 0).throw_if_error();
  return parse(bytes).value_or_throw().message;
}

}  // namespace shoal::wire
