#pragma once

#include <shoal/api/session.h>

#include <memory>
#include <string>

#include "shell/store_station.h"

namespace shoal::testing {

/// A daemon in a thread of the test and a folder of its own, which gives what the options say of a node.
class TestDaemon {
 public:
  explicit TestDaemon(const SessionOptions& node);
  ~TestDaemon();
  TestDaemon(const TestDaemon&) = delete;
  TestDaemon& operator=(const TestDaemon&) = delete;

  const std::string& address() const;
  shell::StoreStation& store();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal::testing
