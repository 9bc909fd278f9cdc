// remedy: a function object with base classes or virtual functions could not run in another process
#include <shoal/shoal.h>

#include <vector>

struct Model {
  std::vector<double> slopes{};
};
struct Line : Model {
  double operator()(double x) const { return slopes[0] * x; }
};

auto wrong() { return shoal::submit(Line{}, 2.0); }
