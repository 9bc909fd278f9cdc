// remedy: this exception cannot travel: give it a constructor that takes the text of what()
#include <shoal/shoal.h>

#include <stdexcept>

class Refused : public std::runtime_error {
 public:
  Refused(int its_code, const char* text) : std::runtime_error(text), code(its_code) {}
  int code = 0;
};

void wrong() { shoal::register_exception<Refused>(); }
