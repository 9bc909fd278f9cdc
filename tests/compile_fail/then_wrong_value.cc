// remedy: an argument does not fit its parameter: a Ref<T> goes to T or Ref<T>
#include <shoal/shoal.h>

#include <string>

auto wrong(const shoal::Ref<int>& number) {
  return shoal::then(number, [](const std::string& text) { return text.size(); });
}
