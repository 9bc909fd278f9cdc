// An object that keeps its state between calls: an actor. Whoever has its handle, or knows its name, calls it; the calls
// of one caller run in their order, and one at a time, so the class needs no lock.
#include <shoal/shoal.h>

#include <iostream>
#include <string>
#include <vector>

namespace {

class Counter {
 public:
  explicit Counter(int value) : value_(value) {}

  int add(int n) { return value_ += n; }
  int value() const { return value_; }

 private:
  int value_ = 0;
};

/// A task that is given a handle calls the same object.
void count_to(shoal::Actor<Counter> counter, int times) {
  std::vector<shoal::Ref<int>> sent;
  for (int i = 0; i < times; ++i) sent.push_back(counter.call(&Counter::add, 1));
  shoal::get(sent);
}

int count_by_name(const std::string& name) { return shoal::get(shoal::find<Counter>(name).call(&Counter::add, 100)); }

}  // namespace

int main(int argc, char** argv) {
  const shoal::Session session(argc, argv);

  const shoal::Actor<Counter> counter = shoal::spawn<Counter>({.name = "visitors"}, 0);
  const shoal::Ref<int> first = counter.call(&Counter::add, 1);       // returns at once
  const shoal::Ref<int> second = counter.call(&Counter::add, first);  // a result is an argument
  std::cout << "in order: " << shoal::get(first) << ", " << shoal::get(second) << "\n";

  std::vector<shoal::Ref<void>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(shoal::submit(count_to, counter, 25));
  shoal::get(tasks);
  std::cout << "four tasks later: " << shoal::get(counter.call(&Counter::value)) << "\n";
  std::cout << "found by its name: " << shoal::get(shoal::submit(count_by_name, "visitors")) << "\n";

  shoal::kill(counter);
  try {
    shoal::get(counter.call(&Counter::value));
  } catch (const shoal::ActorDied& error) { std::cout << "killed: " << error.what() << "\n"; }
}
