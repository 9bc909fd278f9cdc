#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/verb.h"

int main(int argc, char** argv) {
  try {
    return shoal::cli::run_command(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "shoal: %s\n", failure.what());
    return shoal::cli::k_failed;
  }
}
