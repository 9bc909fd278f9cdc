// remedy: this value cannot travel to another process
#include <shoal/shoal.h>

struct Tree {
  int value = 0;
  Tree* left = nullptr;
};

auto wrong(const Tree& tree) { return shoal::put(tree); }
