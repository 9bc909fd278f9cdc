#pragma once

#include <map>
#include <string>

#include "shell/crew.h"
#include "shell/output/printer.h"
#include "wire/resources.h"

namespace shoal::shell {

/// A cluster of one program: the control service and the daemon of its machine are in the program's own process, and its
/// workers are processes, this program started again. It ends with the program.
class PrivateNode {
 public:
  struct Options {
    wire::Resources total;
    std::map<std::string, std::string> labels{};
    std::string host{};
    Showing output = Showing::folded_on_terminals;
    double memory_reserve = 0.05;  ///< See MemoryPolicy.
    std::string log_folder{};      ///< Of what workers write; empty = none.
    StoreStation::Options store{};
  };
  /// Throws where the program's binary cannot be opened.
  explicit PrivateNode(const Options& options);
  /// Drops what has not started, tells what runs, and waits for it a while; then ends it.
  ~PrivateNode();
  PrivateNode(const PrivateNode&) = delete;
  PrivateNode& operator=(const PrivateNode&) = delete;

  OwnerStation& driver() { return *driver_; }
  /// The machine's object store.
  StoreStation& store() { return crew_.store(); }

 private:
  Surroundings around_;
  ControlStation control_{around_};
  Crew crew_;
  OwnerStation* driver_ = nullptr;
};

}  // namespace shoal::shell
