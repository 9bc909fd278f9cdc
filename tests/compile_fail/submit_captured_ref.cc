// remedy: Pass strings, containers, references and what pointers point to as arguments: submit(f, argument)
#include <shoal/shoal.h>

shoal::Ref<int> wrong(const shoal::Ref<int>& first) {
  return shoal::submit([first] { return shoal::get(first) + 1; });
}
