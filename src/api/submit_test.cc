#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <atomic>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/testing/sessions.h"

namespace shoal {
namespace {

struct Option {
  std::string symbol;
  double strike = 0;
  std::vector<double> path{};
  friend bool operator==(const Option&, const Option&) = default;
};

double price(const Option& option, std::uint64_t seed) { return option.strike + static_cast<double>(seed); }
double average(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
std::string shout(std::string text) { return text + "!"; }
std::size_t length(std::string_view text) { return text.size(); }
Option echo(const Option& option) { return option; }
void nothing() {}

using testing::shared;

class Submit : public testing::SessionTest {};
SHOAL_TEST_IN_SESSIONS(Submit);

TEST_P(Submit, RunsAnOrdinaryFunction) { EXPECT_EQ(get(submit(price, Option{"S", 10}, 7)), 17); }

TEST_P(Submit, ConvertsArgumentsAsACallDoes) {
  EXPECT_EQ(get(submit(shout, "hey")), "hey!");
  EXPECT_EQ(get(submit(length, std::string("four"))), 4);
  EXPECT_EQ(get(submit(length, "text")), 4);
  EXPECT_EQ(get(submit([](double x) { return x / 2; }, 3)), 1.5);
}

TEST_P(Submit, PassesPlainStructs) {
  const Option option{"XYZ", 1.5, std::vector<double>(10'000, 0.25)};
  EXPECT_EQ(get(submit(echo, option)), option);
}

TEST_P(Submit, WaitsForATaskThatReturnsNothing) {
  const Ref<void> done = submit(nothing);
  get(done);
  get(std::vector<Ref<void>>{done, submit(nothing)});
}

TEST_P(Submit, ResolvesReferencesAsValues) {
  std::vector<Ref<double>> prices;
  for (std::uint64_t seed = 0; seed < 100; ++seed) prices.push_back(submit(price, Option{"S", 1}, seed));
  EXPECT_EQ(get(submit(average, prices)), 50.5);
  EXPECT_EQ(get(submit([](double a, double b) { return a * b; }, prices[1], prices[2])), 6);
}

TEST_P(Submit, TakesStateThatIsPlainBytes) {
  const double factor = 2.5;
  int shift = 1;
  EXPECT_EQ(get(submit([factor, shift](double x) { return factor * x + shift; }, 2)), 6);
}

struct Scale {
  std::vector<double> factors;
  double operator()(double x) const { return x * factors[0]; }
};

TEST_P(Submit, TakesAFunctionObjectWithValues) { EXPECT_EQ(get(submit(Scale{{3.0}}, 2)), 6); }

TEST_P(Submit, TakesAGenericLambda) {
  EXPECT_EQ(get(submit([](auto a, auto b) { return a + b; }, submit([] { return 1; }), 2.5)), 3.5);
}

TEST_P(Submit, PassesReferencesOnWhereTheFunctionTakesThem) {
  const Ref<int> one = put(1);
  const auto nested = submit([](Ref<int> ref) { return get(ref) + 1; }, one);
  EXPECT_EQ(get(nested), 2);
}

TEST_P(Submit, ReturnsReferences) {
  const auto outer = submit([] { return submit([] { return std::string("inner"); }); });
  const Ref<std::string> inner = get(outer);
  EXPECT_EQ(get(inner), "inner");
}

struct Node {
  int value = 0;
  std::vector<Ref<Node>> children{};
};

int sum(const Node& node) {
  int total = node.value;
  for (const Ref<Node>& child : node.children) total += sum(get(child));
  return total;
}

TEST_P(Submit, PassesReferencesInsideValues) {
  const Ref<Node> leaf = put(Node{3});
  const Ref<Node> middle = submit([](Ref<Node> child) { return Node{2, {child, child}}; }, leaf);
  EXPECT_EQ(get(submit(sum, submit([](Ref<Node> child) { return Node{1, {child}}; }, middle))), 9);
}

int fibonacci(int n) {
  if (n < 2) return n;
  const Ref<int> a = submit(fibonacci, n - 1), b = submit(fibonacci, n - 2);
  return get(a) + get(b);
}

TEST_P(Submit, SubmitsFromTasks) { EXPECT_EQ(get(submit(fibonacci, 12)), 144); }

std::pair<int, std::string> divide(int a, int b) { return {a / b, std::to_string(a % b)}; }

TEST_P(Submit, GivesEachElementOfATupleAReference) {
  auto [quotient, remainder] = unpack(submit(divide, 17, 5));
  EXPECT_EQ(get(submit([](const std::string& text, int number) { return text + std::to_string(number); }, remainder,
                       quotient)),
            "23");
  EXPECT_EQ(get(submit(divide, 17, 5)), std::pair(3, std::string("2")));
  const Ref<std::pair<int, std::string>> whole = submit(divide, 9, 2);
  EXPECT_EQ(get(submit([](const std::pair<int, std::string>& both) { return both.first; }, whole)), 4);
  EXPECT_EQ(get(submit([](Ref<std::pair<int, std::string>> ref) { return get(ref).second; }, whole)), "1");
}

TEST_P(Submit, ThenIsATaskOfItsOwn) {
  EXPECT_EQ(get(then(then(put(2), [](int x) { return x * 10; }), [](int x) { return x + 1; })), 21);
}

TEST_P(Submit, PassesOtherValues) {
  using Values = std::tuple<std::map<std::string, int>, std::optional<double>, std::variant<int, std::string>,
                            std::chrono::milliseconds>;
  const auto back = [](const std::map<std::string, int>& a, std::optional<double> b, std::variant<int, std::string> c,
                       std::chrono::milliseconds d) { return Values(a, b, c, d); };
  const Values values({{"a", 1}}, 2.5, std::string("c"), std::chrono::milliseconds(4));
  EXPECT_EQ(get(std::apply([&](const auto&... value) { return submit(back, value...); }, values)), values);
}

TEST_P(Submit, TenThousandReferencesAreOneTasksArguments) {
  std::vector<Ref<int>> refs;
  for (int i = 0; i < 10'000; ++i) refs.push_back(put(1));
  EXPECT_EQ(get(submit([](const std::vector<int>& all) { return all.size(); }, refs)), 10'000);
}

TEST_P(Submit, ManyTasks) {
  std::vector<Ref<int>> refs;
  for (int i = 0; i < 20'000; ++i) refs.push_back(submit([](int x) { return x; }, i));
  std::int64_t total = 0;
  for (const int value : get(refs)) total += value;
  EXPECT_EQ(total, 199'990'000);
}

TEST_P(Submit, GpusAreAssignedByIndex) {
  const auto indices = [] { return context().gpus; };
  EXPECT_EQ(get(submit({.num_gpus = 2}, indices)).size(), 2);
  EXPECT_EQ(get(submit({.num_gpus = 0.5}, indices)).size(), 1);
  EXPECT_TRUE(get(submit(indices)).empty());
}

TEST_P(Submit, WhatNoNodeEverHasIsInfeasible) {
  try {
    get(submit({.num_gpus = 8, .name = "greedy"}, nothing));
    FAIL() << "nothing was thrown";
  } catch (const Infeasible& error) {
    EXPECT_NE(std::string(error.what()).find("greedy"), std::string::npos) << error.what();
  }
  EXPECT_THROW(get(submit({.resources = {{"unicorn", 1}}}, nothing)), Infeasible);
}

TEST_P(Submit, RefusesOptionsThatMeanNothing) {
  EXPECT_THROW(submit({.num_cpus = -1}, nothing), InvalidArgument);
  EXPECT_THROW(submit({.num_gpus = 1.5}, nothing), InvalidArgument);
  EXPECT_THROW(submit({.max_retries = -2}, nothing), InvalidArgument);
  EXPECT_THROW(submit({.resources = {{"CPU", 1}}}, nothing), InvalidArgument);
  EXPECT_THROW(submit([](int x) { return x; }, Ref<int>()), InvalidArgument);
}

TEST_P(Submit, TasksRunBesideEachOther) {
  const auto meet = [] {
    if (++shared().count < 2) shared().gate.acquire();
    shared().gate.release();
  };
  const Ref<void> a = submit(meet), b = submit(meet);
  const std::vector<Ref<void>> pair{a, b};
  EXPECT_EQ(wait(pair, {.num_ready = 2, .timeout = std::chrono::seconds(20)}).ready.size(), 2);
}

TEST_P(Submit, NoMoreRunThanTheirResourcesAllow) {
  const auto count = [] {
    const int now = ++shared().count;
    int before = shared().most.load();
    while (before < now && !shared().most.compare_exchange_weak(before, now)) {}
    std::this_thread::yield();
    --shared().count;
  };
  std::vector<Ref<void>> refs;
  for (int i = 0; i < 500; ++i) refs.push_back(submit({.resources = {{"license", 1}}}, count));
  get(refs);
  EXPECT_LE(shared().most.load(), 2);
}

}  // namespace
}  // namespace shoal
