#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "owner/core.h"
#include "sim/actors/ledger.h"
#include "sim/world/process.h"
#include "sim/world/world.h"

namespace shoal::sim::actors {

/// What drivers and actors have in common: an owner core, handles on actors, and calls that are under way. It calls at
/// random, and tells the ledger what came of each call.
class Player : public Process, protected owner::Waiter {
 public:
  Player(World& world, Ledger& ledger, ProcessId self);

  const owner::Core& core() const { return core_; }

  void on_message(ProcessId from, wire::Message message) final;
  void on_process_died(ProcessId process, const std::string& cause) final;
  void on_time(Time now) final;
  std::optional<Time> next_time() const final;
  void take_messages(std::vector<wire::Envelope>& into) final;

 protected:
  /// What it does at its own times.
  virtual void act(Time now) = 0;
  virtual std::optional<Time> next_act() const = 0;
  /// After each event.
  virtual void go_on() {}
  /// It is about to send the message.
  virtual void says(const wire::Message&) {}

  ProcessId self() const { return core_.self(); }
  Random& dice() { return world_.random(); }
  /// Takes over a handle.
  void keep(owner::Object* actor) { handles_.push_back(actor); }
  /// Null where there is none.
  owner::Object* any_handle();
  /// An object that is pending, or null.
  owner::Object* any_pending();
  void call(owner::Object& actor);
  void look_for(const std::string& name);
  void cancel_any();
  void cancel_all();
  void drop_any();
  void release(owner::Object* object);

  World& world_;
  Ledger& ledger_;
  owner::Core core_;
  std::vector<owner::Object*> handles_;
  struct Open {
    owner::Object* object = nullptr;
    std::uint64_t expected = 0;  ///< The result of a call; 0 = somebody is looked for.
  };
  std::map<ObjectId, Open> open_;

 private:
  void on_ready(owner::Object& object) override { ready_.push_back(object.id); }
  void on_claimable(owner::Object&) override {}
  void settle();
  void over(const Open& open);
  void cancel(const Open& open);

  std::vector<ObjectId> ready_;
};

}  // namespace shoal::sim::actors
