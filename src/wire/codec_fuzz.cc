// Any bytes are a value of a type that has all of the codec's kinds in it, or are refused; a value has one spelling.
#include <shoal/wire/codec.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

struct Nothing {};
struct Tree {
  std::uint8_t label = 0;
  std::vector<Tree> children;
};
struct Value {
  std::variant<bool, std::u16string, std::vector<bool>, std::vector<double>, std::list<std::string>, Tree,
               std::map<std::string, std::optional<std::int32_t>>, std::multimap<std::uint8_t, Nothing>,
               std::set<std::tuple<std::uint8_t, std::string>>, std::vector<Nothing>,
               std::array<std::vector<std::uint32_t>, 2>, std::unordered_map<std::uint16_t, std::uint8_t>,
               shoal::Payload, shoal::SharedBytes>
      either;
  std::vector<std::string> texts;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> bytes(data, data + size);
  Value value;
  shoal::Decoder decoder(bytes);
  decode(decoder, value);
  if (!decoder.finish() || value.either.index() == 11) return 0;  // an unordered map has an order of its own
  std::vector<std::uint8_t> again;
  shoal::Encoder encoder(again);
  encode(encoder, value);
  encoder.finish_frame();
  if (again != bytes) std::abort();
  return 0;
}
