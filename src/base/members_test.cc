#include <shoal/base/members.h>

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shoal {
namespace {

struct Point {
  int x = 1;
  double y = 2;
};

struct Mixed {
  std::optional<std::string> note;
  float box[2][3] = {};
  Point points[2];
  std::vector<std::string> words;
  std::map<int, std::string> table;
  bool flag = false;
};

template <class T>
struct Pair {
  T first_name;
  T second;
};

struct Empty {};
struct Derived : Point {
  int z = 0;
};
struct DerivedFromEmpty : Empty {
  int z = 0;
};
struct WithReference {
  const int& reference;
};
struct Virtual {
  virtual ~Virtual() = default;
  int x = 0;
};
class Closed {
 public:
  int x = 0;

 private:
  [[maybe_unused]] int y_ = 0;
};
struct NoDefault {
  explicit NoDefault(int n) : n_(n) {}
  int n_;
};
struct HoldsNoDefault {
  int a = 0;
  NoDefault b;
};
union Either {
  int a;
  float b;
};

struct Large {
  int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3,
      d4, d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3, g4, g5, g6, g7,
      h0, h1, h2, h3, h4, h5, h6, last;
};
struct TooLarge {
  int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3,
      d4, d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3, g4, g5, g6, g7,
      h0, h1, h2, h3, h4, h5, h6, h7, last;
};

TEST(Members, CountsArraysAsOne) {
  EXPECT_EQ(members::count<Mixed>, 6u);
  EXPECT_EQ(members::count<const Point>, 2u);
  EXPECT_EQ(members::count<Empty>, 0u);
  EXPECT_EQ(members::count<Large>, 64u);
}

template <class T>
concept Counted = requires { members::count<T>; };

TEST(Members, CountsPlainStructsOnly) {
  EXPECT_TRUE(Counted<const Point>);
  EXPECT_FALSE(Counted<const char*>);
  EXPECT_FALSE(Counted<Closed>);
  EXPECT_FALSE(Counted<int[3]>);
}

TEST(Members, KnowsNames) {
  constexpr auto names = members::names<Mixed>;
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.end()),
            (std::vector<std::string>{"note", "box", "points", "words", "table", "flag"}));
  EXPECT_EQ(members::names<Pair<Mixed>>[0], "first_name");
  EXPECT_EQ(members::names<Large>[63], "last");
  struct Local {
    int inside;
  };
  EXPECT_EQ(members::names<Local>[0], "inside");
}

TEST(Members, VisitsByReference) {
  Point point;
  members::visit(point, [](std::string_view name, auto& member) { member = name == "x" ? 7 : 8; });
  EXPECT_EQ(point.x, 7);
  EXPECT_EQ(point.y, 8);
  const Point fixed{3, 4};
  double sum = 0;
  members::visit(fixed, [&](std::string_view, const auto& member) { sum += member; });
  EXPECT_EQ(sum, 7);
}

TEST(Members, RefusesWhatIsNotPlain) {
  EXPECT_TRUE(members::is_plain_struct<Mixed>());
  EXPECT_TRUE(members::is_plain_struct<Empty>());
  EXPECT_TRUE(members::is_plain_struct<Large>());
  EXPECT_FALSE(members::is_plain_struct<TooLarge>());
  EXPECT_FALSE(members::is_plain_struct<Derived>());
  EXPECT_FALSE(members::is_plain_struct<DerivedFromEmpty>());
  EXPECT_FALSE(members::is_plain_struct<WithReference>());
  EXPECT_FALSE(members::is_plain_struct<Virtual>());
  EXPECT_FALSE(members::is_plain_struct<Closed>());
  EXPECT_FALSE(members::is_plain_struct<HoldsNoDefault>());
  EXPECT_FALSE(members::is_plain_struct<Either>());
  EXPECT_FALSE(members::is_plain_struct<int>());
  EXPECT_FALSE(members::is_plain_struct<std::string>());
}

}  // namespace
}  // namespace shoal
