// remedy: the number of arguments differs from what the function takes (defaults do not count: pass all)
#include <shoal/shoal.h>

int scale(int x, int factor = 2);

shoal::Ref<int> wrong() { return shoal::submit(scale, 1); }
