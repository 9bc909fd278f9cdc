// remedy: the function takes a reference that it could write to, but it gets a copy, which nobody sees
#include <shoal/shoal.h>

#include <vector>

void sort(std::vector<int>& numbers);

shoal::Ref<void> wrong(std::vector<int> numbers) { return shoal::submit(sort, numbers); }
