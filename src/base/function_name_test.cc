#include <shoal/base/type_name.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace shoal {
namespace {

int private_function(int x) { return x + 1; }
template <class T>
T generic_function(T x) {
  return x;
}
struct Inner {};
template <class T>
struct Wrapped {};
enum class Kind {};

TEST(FunctionName, HasNoNamespaceAndParameters) {
  EXPECT_EQ(function_name(reinterpret_cast<const void*>(&private_function)), "private_function");
  EXPECT_EQ(function_name(reinterpret_cast<const void*>(&generic_function<std::vector<int>>)), "generic_function");
}

TEST(FunctionName, OfALibrarysFunctionAndOfNothing) {
  EXPECT_EQ(function_name(reinterpret_cast<const void*>(&function_name)), "function_name");
  int data = 0;
  EXPECT_EQ(function_name(&data), "function");
  EXPECT_EQ(function_name(nullptr), "function");
}

TEST(TypeName, IsShort) {
  EXPECT_EQ(type_name<Inner>(), "Inner");
  EXPECT_EQ(type_name<Wrapped<Inner>>(), "Wrapped");
  EXPECT_EQ(type_name<Kind>(), "Kind");
  EXPECT_EQ(type_name<int>(), "int");
  struct Local {};
  EXPECT_EQ(type_name<Local>(), "Local");
  const auto lambda = [](int x) { return x; };
  EXPECT_EQ(type_name<decltype(lambda)>(), "lambda");
  EXPECT_FALSE(is_lambda<Inner>());
}

}  // namespace
}  // namespace shoal
