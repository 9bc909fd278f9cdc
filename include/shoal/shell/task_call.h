#pragma once

#include <memory>
#include <span>
#include <vector>

#include <shoal/base/ids.h>
#include <shoal/shell/handle.h>
#include <shoal/wire/payload.h>

namespace shoal::inline v1::detail {

/// Makes handles of the references in one value. Passed to decoders as their context.
class RefSource {
 public:
  virtual Handle open(const ObjectId& id) = 0;

 protected:
  ~RefSource() = default;
};

/// One execution as the code that knows the function's types sees it.
class TaskCall : public RefSource {
 public:
  virtual const Payload& arguments() const = 0;
  /// Values of the references that the function takes as values, in their order.
  virtual std::span<const Payload> resolved() const = 0;
  /// Of a call of an actor: the actor, as hold() got it.
  virtual void* actor() = 0;
  /// Of an actor's constructor: what it made.
  virtual void hold(std::shared_ptr<void> actor) = 0;
  /// The execution is over. Call once, last, while what the results refer to is still held.
  virtual void done(std::vector<Payload> results) = 0;
  /// Of a stream: gives one item, and waits while too many are under way. False where nobody wants any more.
  virtual bool yield(Payload item) = 0;

 protected:
  ~TaskCall() = default;
};

/// What a task's FunctionId names: decodes the arguments, calls the function, and gives what it returned to done(). What
/// the function throws passes through.
using Entry = void (*)(TaskCall& call);

}  // namespace shoal::inline v1::detail
