#include <shoal/wire/codec.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/base/error.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace shoal {
namespace {

using testing::ElementsAre;
using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(const Payload& payload) { return {payload.bytes().begin(), payload.bytes().end()}; }

Payload payload_of(const Bytes& bytes) {
  Payload payload(bytes.size());
  std::copy(bytes.begin(), bytes.end(), payload.data());
  return payload;
}

template <class T>
T there_and_back(const T& value) {
  return from_payload<T>(to_payload(value));
}

/// Whether the bytes are refused as a T.
template <class T>
bool refuses(const Payload& payload) {
  try {
    from_payload<T>(payload);
    return false;
  } catch (const CorruptData&) { return true; }
}
template <class T>
bool refuses(const Bytes& bytes) {
  return refuses<T>(payload_of(bytes));
}

enum class Colour : std::uint8_t { red, green };
enum class Shade : std::int16_t { dark = -5 };
struct Point {
  float x = 0, y = 0, z = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
struct Padded {
  std::uint8_t small = 0;
  std::uint64_t large = 0;
  friend bool operator==(const Padded&, const Padded&) = default;
};
struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};
struct Everything {
  bool flag = false;
  std::int32_t numbers[2][2] = {};
  std::array<Point, 2> points;
  std::string text;
  std::u16string wide;
  std::vector<bool> bits;
  std::vector<std::vector<std::int16_t>> rows;
  std::deque<std::string> queue;
  std::list<Padded> list;
  std::map<std::string, Point> by_name;
  std::multimap<int, int> many;
  std::set<std::int64_t> keys;
  std::unordered_map<int, std::string> table;
  std::unordered_set<std::string> names;
  std::optional<std::string> maybe;
  std::optional<Nothing> maybe_nothing;
  std::variant<std::monostate, int, std::string> either;
  std::tuple<int, std::pair<Colour, Shade>> tuple;
  std::chrono::milliseconds wait{};
  std::chrono::system_clock::time_point when;
  std::vector<Nothing> nothings;
  std::array<bool, 3> flags = {};
  long double precise = 0;
  wchar_t letter = 0;
  ObjectId id;
};

Everything everything() {
  Everything e;
  e.flag = true;
  e.numbers[1][0] = -7;
  e.points[1] = {1, 2, 3};
  e.text = std::string(300, 'x');
  e.wide = u"wide";
  e.bits = {true, false, true, true, false, false, true, false, true};
  e.rows = {{1, 2, 3}, {}, {-4}};
  e.queue = {"a", ""};
  e.list = {{1, 2}, {3, 4}};
  e.by_name = {{"p", {4, 5, 6}}};
  e.many = {{1, 2}, {1, 1}, {0, 3}};
  e.keys = {-1, 1};
  e.table = {{1, "one"}, {2, "two"}};
  e.names = {"n"};
  e.maybe = "yes";
  e.maybe_nothing = Nothing();
  e.either = std::string("held");
  e.tuple = {1, {Colour::green, Shade::dark}};
  e.wait = std::chrono::milliseconds(12);
  e.when = std::chrono::system_clock::time_point(std::chrono::system_clock::duration(99));
  e.nothings.resize(3);
  e.flags = {true, false, true};
  e.precise = 1.25L;
  e.letter = L'w';
  e.id = {{1, 2}, 3, 4};
  return e;
}

}  // namespace

template <>
inline constexpr std::uint64_t enum_values<Colour> = 2;

namespace {

TEST(Codec, EveryKindOfValueComesBack) {
  const Everything in = everything();
  const Everything out = there_and_back(in);
  members::apply(in, [&out](const auto&... a) {
    members::apply(out, [&](const auto&... b) {
      std::size_t place = 0;
      const auto expect_equal = [&place]<class T>(const T& left, const T& right) {
        if constexpr (std::is_array_v<T>) {
          EXPECT_EQ(std::memcmp(&left, &right, sizeof left), 0) << place;
        } else {
          EXPECT_TRUE(left == right) << place;
        }
        ++place;
      };
      (expect_equal(a, b), ...);
    });
  });
  EXPECT_EQ(bytes_of(to_payload(in)), bytes_of(to_payload(everything())));
}

TEST(Codec, AnythingCutShortIsRefused) {
  const Bytes whole = bytes_of(to_payload(everything()));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(refuses<Everything>(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_TRUE(refuses<Everything>(longer));
}

TEST(Codec, FormatOfMembersAndLengths) {
  EXPECT_THAT(bytes_of(to_payload(std::tuple<std::int32_t, bool>(-2, true))), ElementsAre(0xfe, 0xff, 0xff, 0xff, 1));
  EXPECT_THAT(bytes_of(to_payload(Padded{7, 8})), ElementsAre(7, 8, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(bytes_of(to_payload(std::string("ab"))), ElementsAre(2, 'a', 'b'));
  EXPECT_THAT(bytes_of(to_payload(std::optional<Colour>(Colour::green))), ElementsAre(1, 1));
  EXPECT_THAT(bytes_of(to_payload(std::variant<int, Nothing>(Nothing()))), ElementsAre(1));
  EXPECT_THAT(bytes_of(to_payload(std::vector<bool>{true, false, true})), ElementsAre(3, 5));
  EXPECT_EQ(to_payload(std::string(127, 'x')).size(), 128u);
  EXPECT_EQ(to_payload(std::string(128, 'x')).size(), 130u);
}

TEST(Codec, BlocksStandAtMultiplesOfTheirAlignment) {
  using Value = std::tuple<std::string, std::vector<std::uint32_t>>;
  const Value value("abc", {5});
  EXPECT_THAT(bytes_of(to_payload(value)), ElementsAre(3, 'a', 'b', 'c', 1, 0, 0, 0, 5, 0, 0, 0));
  EXPECT_TRUE(refuses<Value>(Bytes{3, 'a', 'b', 'c', 1, 0, 1, 0, 5, 0, 0, 0})) << "padding is zero";
  const Payload doubles = to_payload(std::tuple(true, std::vector<double>(100, 1.5)));
  EXPECT_EQ(doubles.size(), 808u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(doubles.data()) % Payload::k_alignment, 0u);
  // An empty block needs no place.
  EXPECT_THAT(bytes_of(to_payload(std::tuple(true, std::vector<double>()))), ElementsAre(1, 0));
}

TEST(Codec, BytesInsideAPayloadOrNotGiveTheSame) {
  std::vector<double> numbers;
  for (int i = 0; i < 1000; ++i) numbers.push_back(i * 0.5);
  EXPECT_EQ(there_and_back(numbers), numbers);
  Bytes shifted(1);
  Encoder encoder(shifted);
  encode(encoder, numbers);
  encoder.finish_frame();
  std::vector<double> out;
  Decoder decoder(std::span<const std::uint8_t>(shifted).subspan(1));  // at an odd address
  decode(decoder, out);
  EXPECT_TRUE(decoder.finish());
  EXPECT_EQ(out, numbers);
}

TEST(Codec, SmallValuesStayInThePayloadItself) {
  const Payload payload = to_payload(std::tuple(1, 2.5));
  EXPECT_EQ(payload.size(), 12u);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(&payload);
  EXPECT_TRUE(payload.data() >= begin && payload.data() < begin + sizeof payload);
}

TEST(Codec, WhatIsNoValueIsRefused) {
  EXPECT_TRUE(refuses<bool>(Bytes{2}));
  EXPECT_FALSE(refuses<Colour>(Bytes{1}));
  EXPECT_TRUE(refuses<Colour>(Bytes{2}));
  EXPECT_TRUE(refuses<std::vector<Colour>>(Bytes{1, 2}));
  EXPECT_TRUE(refuses<std::optional<int>>(Bytes{2}));
  EXPECT_TRUE((refuses<std::variant<Nothing, Nothing>>(Bytes{2})));
  EXPECT_TRUE(refuses<std::set<std::uint8_t>>(Bytes{2, 7, 7})) << "a key twice";
  EXPECT_TRUE((refuses<std::map<std::uint8_t, Colour>>(Bytes{2, 7, 0, 7, 0})));
  EXPECT_TRUE(refuses<std::set<std::uint8_t>>(Bytes{2, 8, 7})) << "keys out of order";
  EXPECT_TRUE(refuses<std::multiset<std::uint8_t>>(Bytes{2, 8, 7}));
  EXPECT_FALSE(refuses<std::multiset<std::uint8_t>>(Bytes{2, 7, 7}));
  EXPECT_TRUE(refuses<std::vector<bool>>(Bytes{1, 3})) << "bits behind the last";
  EXPECT_TRUE(refuses<std::string>(Bytes{0x80, 0})) << "a length with a needless byte";
  EXPECT_TRUE(refuses<std::vector<Nothing>>(Bytes{1, 9}));
}

TEST(Codec, LengthsAreCheckedBeforeAnythingIsAllocated) {
  const Bytes huge = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};  // 2^64 - 1
  EXPECT_TRUE(refuses<std::string>(huge));
  EXPECT_TRUE(refuses<std::vector<double>>(huge));
  EXPECT_TRUE(refuses<std::vector<std::string>>(huge));
  EXPECT_TRUE(refuses<std::vector<Nothing>>(huge));
  EXPECT_TRUE((refuses<std::vector<std::array<int, 0>>>(huge)));
  EXPECT_TRUE(refuses<std::vector<bool>>(huge));
  EXPECT_TRUE((refuses<std::unordered_map<int, Nothing>>(huge)));
  EXPECT_TRUE(refuses<std::list<std::tuple<>>>(huge));
  const Bytes beyond = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
  EXPECT_TRUE(refuses<std::string>(beyond)) << "more than 64 bits";
}

TEST(Codec, AFailedDecoderStaysFailed) {
  const Payload payload = payload_of({2, 1, 1});
  Decoder decoder(payload);
  bool flag = true;
  decode(decoder, flag);
  EXPECT_FALSE(decoder.ok());
  std::uint8_t number = 9;
  decode(decoder, number);
  EXPECT_EQ(number, 0);
  EXPECT_FALSE(decoder.finish());
  EXPECT_EQ(decoder.left(), 0u);
}

// --- Depth.

struct Tree {
  int n = 0;
  std::vector<Tree> children;
  friend bool operator==(const Tree&, const Tree&) = default;
};

Tree chain(int depth) {
  Tree tree{depth, {}};
  for (int i = 1; i < depth; ++i) {
    Tree above{depth - i, {}};
    above.children.push_back(std::move(tree));
    tree = std::move(above);
  }
  return tree;
}

TEST(Codec, TreesTravelToABoundedDepth) {
  static_assert(is_serialisable<Tree>);
  const Tree deep = chain(detail::k_depth_max);
  EXPECT_TRUE(there_and_back(deep) == deep);
  EXPECT_THROW(to_payload(chain(detail::k_depth_max + 1)), InvalidArgument);
}

TEST(Codec, BytesThatNestTooDeepAreRefused) {
  Bytes bytes;
  for (int i = 0; i < 100'000; ++i) bytes.insert(bytes.end(), {0, 0, 0, 0, 1});
  EXPECT_TRUE(refuses<Tree>(bytes));
}

struct Throws {
  Throws() = default;
  explicit Throws(int) { throw 1; }
  std::string text;  // a variant puts trivial ones in place only once they are made
};

}  // namespace
template <>
struct Codec<Throws> {
  static void encode(Encoder&, const Throws&) {}
  static void decode(Decoder&, Throws&) {}
};
namespace {

TEST(Codec, AVariantWithoutAValueCannotTravel) {
  std::variant<int, Throws> variant;
  EXPECT_THROW(variant.emplace<Throws>(1), int);
  ASSERT_TRUE(variant.valueless_by_exception());
  EXPECT_THROW(to_payload(variant), InvalidArgument);
}

// --- Types with a Codec of their own.

class Matrix {
 public:
  Matrix() = default;
  Matrix(std::uint32_t columns, std::vector<float> cells) : columns_(columns), cells_(std::move(cells)) {}
  std::uint32_t columns() const { return columns_; }
  const std::vector<float>& cells() const { return cells_; }

 private:
  std::uint32_t columns_ = 0;
  std::vector<float> cells_;
};

/// A handle as references are: its object is beside the bytes, and what it belongs to is where it is read.
class Handle {
 public:
  Handle() = default;
  explicit Handle(ObjectId id) : id_(id) {}
  ObjectId id_;
  int* world_ = nullptr;
};

}  // namespace

template <>
struct Codec<Matrix> {
  static void encode(Encoder& to, const Matrix& value) {
    shoal::encode(to, value.columns());
    shoal::encode(to, value.cells());
  }
  static void decode(Decoder& from, Matrix& value) {
    std::uint32_t columns = 0;
    std::vector<float> cells;
    shoal::decode(from, columns);
    shoal::decode(from, cells);
    if (columns == 0 || cells.size() % columns != 0) return from.fail("a matrix has a row that is not full");
    value = Matrix(columns, std::move(cells));
  }
};
template <>
struct Codec<Handle> {
  static void encode(Encoder& to, const Handle& value) { to.add_ref(value.id_); }
  static void decode(Decoder& from, Handle& value) {
    value.id_ = from.take_ref();
    value.world_ = static_cast<int*>(from.context());
  }
};

namespace {

struct Model {
  std::vector<Matrix> layers;
  std::map<std::string, Handle> parts;
};

TEST(Codec, TypesWithACodecTravelAnywhereInAValue) {
  static_assert(is_serialisable<Model> && is_shippable_handle<Matrix>);
  Model model;
  for (int i = 0; i < 20; ++i) model.layers.emplace_back(2, std::vector<float>(1000, 0.5f));
  const Model back = there_and_back(model);
  ASSERT_EQ(back.layers.size(), 20u);
  EXPECT_EQ(back.layers[19].cells(), model.layers[19].cells());
  EXPECT_TRUE(refuses<Matrix>(to_payload(std::tuple(std::uint32_t{2}, std::vector<float>(3)))));
}

TEST(Codec, ReferencesStandBesideTheBytesInTheirOrder) {
  const ObjectId a{{1, 2}, 3, 0}, b{{4, 5}, 6, 1};
  const Model model{.layers = {}, .parts = {{"a", Handle(a)}, {"b", Handle(b)}}};
  const Payload payload = to_payload(model);
  EXPECT_THAT(payload.refs(), ElementsAre(a, b));
  int world = 0;
  const Model back = from_payload<Model>(payload, &world);
  EXPECT_EQ(back.parts.at("a").id_, a);
  EXPECT_EQ(back.parts.at("b").id_, b);
  EXPECT_EQ(back.parts.at("b").world_, &world);
  EXPECT_TRUE(refuses<Model>(bytes_of(payload))) << "without what is beside it";
}

TEST(Codec, PartsAreNotCopied) {
  auto holder = std::make_shared<std::vector<std::uint8_t>>(1'000'000, std::uint8_t{7});
  const SharedBytes large{.holder = holder, .bytes = *holder};
  const Payload payload = to_payload(std::tuple(1, large));
  EXPECT_EQ(payload.size(), 5u);
  EXPECT_EQ(payload.total_bytes(), 1'000'005u);
  const auto back = from_payload<std::tuple<int, SharedBytes>>(payload);
  EXPECT_EQ(std::get<1>(back).bytes.data(), holder->data());
  EXPECT_EQ(std::get<1>(back).holder, holder);
  EXPECT_TRUE((refuses<std::tuple<int, SharedBytes>>(bytes_of(payload))));
}

TEST(Codec, InAFrameEverythingStandsAmongTheBytes) {
  auto holder = std::make_shared<std::string>("part");
  const SharedBytes part{holder, {reinterpret_cast<const std::uint8_t*>(holder->data()), holder->size()}};
  const ObjectId id{{1, 2}, 3, 4};
  Bytes frame = {1, 2, 3};
  Encoder encoder(frame);
  encode(encoder, std::tuple(to_payload(std::tuple(Handle(id), part, std::string(500, 'x'))), 5));
  encoder.finish_frame();
  EXPECT_THAT(Bytes(frame.begin(), frame.begin() + 3), ElementsAre(1, 2, 3));
  Decoder decoder(std::span<const std::uint8_t>(frame).subspan(3));
  std::tuple<Payload, int> back;
  decode(decoder, back);
  ASSERT_TRUE(decoder.finish());
  EXPECT_EQ(std::get<1>(back), 5);
  const auto inner = from_payload<std::tuple<Handle, SharedBytes, std::string>>(std::get<0>(back));
  EXPECT_EQ(std::get<0>(inner).id_, id);
  EXPECT_THAT(std::get<1>(inner).bytes, ElementsAre('p', 'a', 'r', 't'));
  EXPECT_NE(std::get<1>(inner).bytes.data(), part.bytes.data());
}

TEST(Codec, APayloadInAnotherLendsItWhatIsBeside) {
  const ObjectId id{{1, 2}, 3, 4};
  const Payload outer = to_payload(std::vector<Payload>{to_payload(1), to_payload(Handle(id))});
  EXPECT_THAT(outer.refs(), ElementsAre(id));
  const auto inner = from_payload<std::vector<Payload>>(outer);
  EXPECT_EQ(from_payload<int>(inner.at(0)), 1);
  EXPECT_EQ(from_payload<Handle>(inner.at(1)).id_, id);
}

TEST(Codec, AMeterCountsWhatAnEncoderWrites) {
  detail::Meter meter;
  detail::write(meter, everything());
  EXPECT_EQ(meter.size(), to_payload(everything()).size());
}

TEST(Codec, LargeLengths) {
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{16383},
                                std::uint64_t{16384}, std::numeric_limits<std::uint64_t>::max()}) {
    Encoder encoder;
    encoder.write_length(n);
    const Payload payload = encoder.finish();
    Decoder decoder(payload);
    EXPECT_EQ(decoder.read_length(), n);
    EXPECT_TRUE(decoder.finish());
    detail::Meter meter;
    meter.write_length(n);
    EXPECT_EQ(meter.size(), payload.size());
  }
}

}  // namespace
}  // namespace shoal
