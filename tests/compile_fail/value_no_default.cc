// remedy: give it such a constructor
#include <shoal/wire/codec.h>

#include <vector>

class Celsius {
 public:
  explicit Celsius(double degrees) : degrees_(degrees) {}
  double degrees() const { return degrees_; }

 private:
  double degrees_;
};

template <>
struct shoal::Codec<Celsius> {
  static void encode(shoal::Encoder& to, const Celsius& value) { shoal::encode(to, value.degrees()); }
  static void decode(shoal::Decoder& from, Celsius& value) {
    double degrees = 0;
    shoal::decode(from, degrees);
    value = Celsius(degrees);
  }
};

std::vector<Celsius> wrong(const shoal::Payload& payload) { return shoal::from_payload<std::vector<Celsius>>(payload); }
