// remedy: the function comes first, then its arguments
#include <shoal/shoal.h>

int scale(int x);

auto wrong() { return shoal::submit("scale", scale, 1); }
