// remedy: the function returns a type that cannot travel to another process
#include <shoal/shoal.h>

struct Node {
  int value = 0;
  Node* next = nullptr;
};

Node first();

shoal::Ref<Node> wrong() { return shoal::submit(first); }
