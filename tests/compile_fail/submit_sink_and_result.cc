// remedy: a function with a Sink gives all it has to give through it: it returns void
#include <shoal/shoal.h>

int count(int to, shoal::Sink<int>& out);

auto wrong() { return shoal::submit(count, 10); }
