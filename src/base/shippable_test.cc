#include <shoal/base/shippable.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace shoal {
namespace {

enum class Colour { red };
struct Nested {
  int numbers[3] = {};
  std::optional<std::string> text;
};
struct Outer {
  std::vector<Nested> list;
  std::map<std::string, std::variant<int, Nested>> table;
  std::tuple<int, std::pair<Colour, bool>> pair;
  std::chrono::milliseconds wait{};
  std::chrono::system_clock::time_point when{};
  std::array<Nested, 2> fixed;
};
struct HoldsPointer {
  int* pointer = nullptr;
};
struct HoldsView {
  std::string_view view;
};
struct HoldsShared {
  std::shared_ptr<int> shared;
};
struct WithVirtual {
  virtual ~WithVirtual() = default;
  int operator()(int x) const { return x; }
};
struct Recursive {
  int operator()(int x) const { return x; }
  std::vector<Nested> state;
};
struct Handle {
  std::shared_ptr<int> shared;
};
class Affine {
 public:
  constexpr Affine(float scale, float shift) : scale_(scale), shift_(shift) {}
  float operator()(float x) const { return x * scale_ + shift_; }

 private:
  float scale_, shift_;
};

class Opaque {  // its constructor is not constexpr, so nothing can be known of its members
 public:
  explicit Opaque(int n) : n_(n) {}
  int operator()(int x) const { return x + n_; }

 private:
  int n_;
};

}  // namespace

template <>
inline constexpr bool is_shippable_handle<Handle> = true;

namespace {

TEST(Shippable, ValuesThatTheCodecWalks) {
  EXPECT_TRUE(is_serialisable<Outer>);
  EXPECT_TRUE(is_serialisable<std::string>);
  EXPECT_TRUE((is_serialisable<std::unordered_map<int, std::set<std::string>>>));
  EXPECT_TRUE(is_serialisable<std::vector<bool>>);
  EXPECT_TRUE(is_serialisable<std::vector<Handle>>);
  EXPECT_TRUE(is_serialisable<Colour>);
}

TEST(Shippable, ValuesThatItDoesNot) {
  EXPECT_FALSE(is_serialisable<HoldsPointer>);
  EXPECT_FALSE(is_serialisable<HoldsView>);
  EXPECT_FALSE(is_serialisable<HoldsShared>);
  EXPECT_FALSE(is_serialisable<WithVirtual>);
  EXPECT_FALSE(is_serialisable<std::vector<HoldsPointer>>);
  EXPECT_FALSE(is_serialisable<const char*>);
  EXPECT_FALSE(is_serialisable<std::string_view>);
  EXPECT_FALSE(is_serialisable<std::span<int>>);
  EXPECT_FALSE(is_serialisable<std::unique_ptr<int>>);
  EXPECT_FALSE((is_serialisable<std::variant<int, std::string_view>>));
}

TEST(Shippable, Callables) {
  int number = 3;
  float box[2] = {1, 2};
  std::string text = "x";
  const char* literal = "x";
  auto none = [](int x) { return x; };
  auto numbers = [number, box](int x) { return x * number + static_cast<int>(box[0]); };
  auto by_reference = [&number](int x) { return x + number; };
  auto string = [text](int x) { return x + static_cast<int>(text.size()); };
  auto pointer = [literal](int x) { return x + *literal; };
  auto view = [view = std::string_view(text)](int x) { return x + static_cast<int>(view.size()); };
  EXPECT_TRUE(is_shippable<int (*)(int)>);
  EXPECT_TRUE(is_shippable<decltype(none)>);
  EXPECT_TRUE(is_shippable<decltype(numbers)>);
  EXPECT_TRUE(is_shippable<Affine>);
  EXPECT_TRUE(is_shippable<Recursive>);
  EXPECT_FALSE(is_shippable<decltype(by_reference)>);
  EXPECT_FALSE(is_shippable<decltype(string)>);
  EXPECT_FALSE(is_shippable<decltype(pointer)>);
  EXPECT_FALSE(is_shippable<decltype(view)>);
  EXPECT_FALSE(is_shippable<WithVirtual>);
  EXPECT_FALSE(is_shippable<Opaque>);
  EXPECT_FALSE(is_shippable<int*>);
  EXPECT_FALSE(is_shippable<std::function<int(int)>>);
  EXPECT_EQ(none(1) + numbers(1) + by_reference(1) + string(1) + view(1) + pointer(0), 1 + 4 + 4 + 2 + 2 + 'x');
}

class Owner {
 public:
  auto capture_this() {
    return [this](int x) { return x + state_; };
  }

 private:
  int state_ = 0;
};

TEST(Shippable, NotThis) { EXPECT_FALSE(is_shippable<decltype(Owner().capture_this())>); }

}  // namespace
}  // namespace shoal
