// remedy: for a class of your own specialise shoal::Codec
#include <shoal/wire/codec.h>

#include <vector>

class Matrix {
 public:
  Matrix() = default;
  explicit Matrix(std::vector<float> cells) : cells_(cells) {}

 private:
  std::vector<float> cells_;
};

Matrix wrong(const shoal::Payload& payload) { return shoal::from_payload<Matrix>(payload); }
