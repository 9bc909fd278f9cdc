#include <shoal/base/bytes.h>
#include <shoal/data/options.h>

#include <iostream>

int main() {
  const shoal::data::RunOptions run{.num_cpus = 2, .memory_budget = 9};
  std::cout << "outside: " << shoal::format_bytes(*run.memory_budget) << '\n';
}
