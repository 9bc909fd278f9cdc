// remedy: the function takes a type that cannot travel to another process
#include <shoal/shoal.h>

double sum(const double* values, int count);

shoal::Ref<double> wrong(const double* values) { return shoal::submit(sum, values, 3); }
