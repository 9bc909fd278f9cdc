// compiles
#include <shoal/shoal.h>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

struct Option {
  std::string symbol;
  double strike = 0;
  std::vector<shoal::Ref<double>> prices{};
};
struct Line {
  double slope = 1;
  std::vector<double> knots{};
  double operator()(double x) const { return slope * x; }
};

double price(const Option& option, std::uint64_t seed);
double average(const std::vector<double>& values);
std::pair<Option, double> cheapest(std::vector<shoal::Ref<Option>> options);
std::size_t length(std::string_view text);
std::size_t c_length(const char* text);
void done() noexcept;
std::variant<int, std::string> parse(std::optional<std::string> text, std::chrono::milliseconds patience);

void count(int to, shoal::Sink<Option>& out);

class Refused : public std::runtime_error {
 public:
  explicit Refused(const std::string& text) : std::runtime_error(text) {}
};

class Shape {
 public:
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
class Square final : public Shape {
 public:
  explicit Square(double side) : side_(std::make_unique<double>(side)) {}
  double area() const override { return *side_ * *side_; }
  void grow(double by) noexcept { *side_ += by; }
  void paint(const std::map<std::string, std::array<int, 3>>& colors);
  std::vector<shoal::Actor<Square>> parts() const;

 private:
  std::unique_ptr<double> side_;  // an actor does not travel: its class may be any
};

void right_tasks(std::string text) {
  const Option option{"S", 1};
  const shoal::Ref<double> one = shoal::submit(price, option, 7);
  shoal::submit({.num_cpus = 2, .max_retries = 5, .retry_on = shoal::retry_on<Refused>(), .name = "price"}, price,
                option, std::uint64_t{7});
  shoal::submit(average, std::vector<shoal::Ref<double>>{one, one});
  shoal::submit(average, std::vector<double>{1, 2});
  auto [best, value] = shoal::unpack(shoal::submit(cheapest, std::vector<shoal::Ref<Option>>{shoal::put(option)}));
  shoal::submit(price, best, 1);
  shoal::submit(length, text);
  shoal::submit(length, "text");
  shoal::submit(c_length, text);
  shoal::submit(&done);
  shoal::submit(parse, text, std::chrono::seconds(1));
  const double factor = 2;
  shoal::submit([factor](double x) { return factor * x; }, value);
  shoal::submit([](auto a, auto b) { return a + b; }, 1, value);
  shoal::submit(Line{2, {0, 1}}, one);
  shoal::then(one, [](double x) { return x + 1; });
  shoal::submit([](shoal::Ref<double> ref) { return shoal::get(ref); }, one);
  for (const shoal::Ref<Option>& each : shoal::submit(count, 10)) shoal::submit(price, each, 1);
  shoal::register_exception<Refused>();
}

void right_actors(const shoal::Ref<double>& side) {
  const shoal::Actor<Square> square = shoal::spawn<Square>({.name = "square", .max_restarts = 3}, side);
  square.call(&Square::grow, 1);
  square.call(&Square::grow, side);
  square.call(&Shape::area);
  square.call(&Square::paint, std::map<std::string, std::array<int, 3>>{});
  square.call(&Square::parts);
  shoal::submit([](shoal::Actor<Square> shape) { return shoal::get(shape.call(&Square::area)); }, square);
}
