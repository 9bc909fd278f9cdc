// remedy: Pass strings, containers, references and what pointers point to as arguments: submit(f, argument)
#include <shoal/shoal.h>

shoal::Ref<void> wrong(int& total) {
  return shoal::submit([&total] { ++total; });
}
