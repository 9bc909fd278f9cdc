// compiles
#include <shoal/wire/codec.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

class Matrix {
 public:
  Matrix() = default;
  Matrix(int columns, std::vector<float> cells) : columns_(columns), cells_(std::move(cells)) {}
  int columns() const { return columns_; }
  const std::vector<float>& cells() const { return cells_; }

 private:
  int columns_ = 0;
  std::vector<float> cells_;
};

template <>
struct shoal::Codec<Matrix> {
  static void encode(shoal::Encoder& to, const Matrix& value) {
    shoal::encode(to, value.columns());
    shoal::encode(to, value.cells());
  }
  static void decode(shoal::Decoder& from, Matrix& value) {
    int columns = 0;
    std::vector<float> cells;
    shoal::decode(from, columns);
    shoal::decode(from, cells);
    if (columns == 0 || cells.size() % static_cast<std::size_t>(columns) != 0) return from.fail("not whole rows");
    value = Matrix(columns, std::move(cells));
  }
};

struct Node {
  std::string name;
  std::optional<Matrix> weights;
  std::variant<int, std::string> kind;
  std::chrono::milliseconds age{};
  std::vector<Node> children;
};

std::map<std::string, Node> right(const std::map<std::string, Node>& nodes) {
  return shoal::from_payload<std::map<std::string, Node>>(shoal::to_payload(nodes));
}
