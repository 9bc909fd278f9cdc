// remedy: options of a task are TaskOptions and stand before the function
#include <shoal/shoal.h>

int scale(int x);

auto wrong() { return shoal::submit(shoal::ActorOptions{.name = "scale"}, scale, 1); }
