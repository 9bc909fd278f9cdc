#include <shoal/data/expr.h>

#include <gtest/gtest.h>

#include <sstream>

namespace shoal::data {
namespace {

TEST(Expr, PrintsAsItStandsInAProgram) {
  EXPECT_EQ((col("distance") > 2.5 && !col("vendor").is_null()).to_string(), "distance > 2.5 && !is_null(vendor)");
  EXPECT_EQ(((col("a") || col("b")) && col("c") == "x\"y").to_string(), "(a || b) && c == \"x\\\"y\"");
  EXPECT_EQ((col("a") - (col("b") - 1)).to_string(), "a - (b - 1)");
  EXPECT_EQ((col("a") - col("b") - 1).to_string(), "a - b - 1");
  EXPECT_EQ((!(col("a") < 1) || 2 * col("b") >= col("c") / 3).to_string(), "!(a < 1) || 2 * b >= c / 3");
  EXPECT_EQ((col("mean(fare)") != true).to_string(), "col(\"mean(fare)\") != true");
  std::ostringstream out;
  out << (col("n") + 1 <= 7u);
  EXPECT_EQ(out.str(), "n + 1 <= 7");
}

TEST(Expr, TakesLiteralsOfEveryKind) {
  EXPECT_TRUE(std::holds_alternative<bool>(Expr(true).literal()));
  EXPECT_TRUE(std::holds_alternative<std::int64_t>(Expr(static_cast<std::int8_t>(-3)).literal()));
  EXPECT_TRUE(std::holds_alternative<std::int64_t>(Expr(3u).literal()));
  EXPECT_EQ(std::get<std::uint64_t>(Expr(~std::uint64_t{0}).literal()), ~std::uint64_t{0});
  EXPECT_TRUE(std::holds_alternative<double>(Expr(1.5f).literal()));
  EXPECT_EQ(std::get<std::string>((std::string("x") == col("a")).operands()[0].literal()), "x");
}

TEST(Expr, ComparesByValue) {
  EXPECT_TRUE((col("a") > 2).equals(col("a") > 2));
  EXPECT_FALSE((col("a") > 2).equals(col("a") >= 2));
  EXPECT_FALSE((col("a") > 2).equals(col("a") > 2.0));
  EXPECT_FALSE((col("a") > 2).equals(col("b") > 2));
  EXPECT_FALSE((!col("a")).equals(col("a")));
}

TEST(Expr, NamesItsColumnsOnce) {
  const Expr expr = col("b") + col("a") > col("b") && col("c").is_null();
  EXPECT_EQ(expr.columns(), (std::vector<std::string>{"b", "a", "c"}));
  EXPECT_TRUE(Expr(1).columns().empty());
}

}  // namespace
}  // namespace shoal::data
