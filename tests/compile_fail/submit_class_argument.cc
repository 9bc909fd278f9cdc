// remedy: for a class of your own specialise shoal::Codec before its first use
#include <shoal/shoal.h>

#include <vector>

class Matrix {
 public:
  explicit Matrix(int columns) : cells_(static_cast<std::size_t>(columns)) {}

 private:
  std::vector<double> cells_;
};

double trace(const Matrix& matrix);

auto wrong(const Matrix& matrix) { return shoal::submit(trace, matrix); }
