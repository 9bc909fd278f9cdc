// remedy: a Sink is the last parameter of its function
#include <shoal/shoal.h>

void count(shoal::Sink<int>& out, int to);

auto wrong() { return shoal::submit(count, 10); }
