// remedy: options of a task are TaskOptions and stand before the function
#include <shoal/shoal.h>

int scale(int x);

auto wrong() { return shoal::submit(scale, 1, shoal::TaskOptions{.num_cpus = 2}); }
