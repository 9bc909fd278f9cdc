// remedy: an argument does not fit its parameter: a Ref<T> goes to T or Ref<T>
#include <shoal/shoal.h>

#include <string>

int scale(int x);

shoal::Ref<int> wrong(const shoal::Ref<std::string>& text) { return shoal::submit(scale, text); }
