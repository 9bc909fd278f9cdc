// remedy: Shoal needs C++20: compile with -std=c++20
#include <shoal/data.h>

int main() {}
