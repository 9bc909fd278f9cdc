// How the values travel that datasets add to the codec's: numbers of options, bytes, tensors.
#include <shoal/data/options.h>
#include <shoal/data/storage.h>
#include <shoal/data/tensor.h>
#include <shoal/wire/codec.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace shoal {
namespace {

/// Shares the bytes, unless nobody keeps them.
SharedBytes part_of(std::shared_ptr<const void> owner, std::span<const std::uint8_t> bytes) {
  if (owner != nullptr || bytes.empty()) return {.holder = std::move(owner), .bytes = bytes};
  const auto copy = std::make_shared<const std::vector<std::uint8_t>>(bytes.begin(), bytes.end());
  return {.holder = copy, .bytes = *copy};
}

/// Not set where no tensor has these extents.
std::optional<std::size_t> bytes_of(const std::vector<std::int64_t>& extents, std::size_t element_bytes) {
  if (extents.size() > data::Shape::k_rank_max) return std::nullopt;
  std::int64_t bytes = static_cast<std::int64_t>(element_bytes);
  for (const std::int64_t extent : extents) {
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return static_cast<std::size_t>(bytes);
}

}  // namespace

inline namespace v1 {

void Codec<data::Number>::encode(Encoder& to, const data::Number& number) { to.write_number(number.value); }
void Codec<data::Number>::decode(Decoder& from, data::Number& number) { number.value = from.read_number<double>(); }

void Codec<data::Bytes>::encode(Encoder& to, const data::Bytes& bytes) {
  to.add_part(part_of(bytes.owner(), bytes.span()));
}

void Codec<data::Bytes>::decode(Decoder& from, data::Bytes& bytes) {
  const auto part = std::make_shared<const SharedBytes>(from.take_part());
  bytes = data::Bytes(part, part->bytes.data(), part->bytes.size());
}

}  // namespace v1
}  // namespace shoal

namespace shoal::data::inline v1::detail {

void encode_tensor(Encoder& to, const RawTensor& tensor, std::size_t element_bytes) {
  const std::vector<std::int64_t> extents(tensor.shape.begin(), tensor.shape.end());
  encode(to, extents);
  const std::size_t bytes = static_cast<std::size_t>(tensor.shape.elements()) * element_bytes;
  to.add_part(part_of(tensor.owner, {static_cast<const std::uint8_t*>(tensor.data), bytes}));
}

RawTensor decode_tensor(Decoder& from, std::size_t element_bytes) {
  std::vector<std::int64_t> extents;
  decode(from, extents);
  const auto part = std::make_shared<const SharedBytes>(from.take_part());
  if (from.ok() && bytes_of(extents, element_bytes) != part->bytes.size()) {
    from.fail("a tensor's shape is not that of its elements");
  }
  RawTensor tensor;
  if (!from.ok()) return tensor;
  tensor.owner = part;
  tensor.data = part->bytes.data();
  tensor.shape = Shape(extents);
  return tensor;
}

}  // namespace shoal::data::inline v1::detail
