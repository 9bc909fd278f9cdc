// remedy: Pass strings, containers, references and what pointers point to as arguments: submit(f, argument)
#include <shoal/shoal.h>

#include <string>

shoal::Ref<std::size_t> wrong(const std::string& text) {
  return shoal::submit([text] { return text.size(); });
}
