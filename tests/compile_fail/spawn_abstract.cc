// remedy: an actor is an object of a class: spawn<Counter>(1)
#include <shoal/shoal.h>

class Shape {
 public:
  virtual ~Shape() = default;
  virtual double area() const = 0;
};

auto wrong() { return shoal::spawn<Shape>(); }
