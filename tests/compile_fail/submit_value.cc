// remedy: the first argument is no function: submit(f, argument), not submit(f(argument))
#include <shoal/shoal.h>

int scale(int x);

auto wrong() { return shoal::submit(scale(1)); }
