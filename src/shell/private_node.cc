#include "shell/private_node.h"

#include <cerrno>
#include <utility>

#include "shell/program.h"

namespace shoal::shell {

PrivateNode::PrivateNode(const Options& options)
    : around_(options.total),
      crew_(around_, control_,
            {.labels = options.labels,
             .host = options.host,
             .memory_reserve = options.memory_reserve,
             .store = options.store}) {
  Program program = Program::of_this_process().value_or_throw();
  around_.threads->begin_use().throw_if_error();
  around_.reader = std::make_unique<Reader>();
  NodeStation& node = crew_.node();
  driver_ = new OwnerStation(around_,
                             {.self = node.name_process(), .node = node.self(), .claims = false, .has_store = true},
                             [](OwnerStation&) {});
  crew_.add_driver(*driver_, std::move(program),
                   {.showing = options.output, .folder = options.log_folder, .program = program_invocation_short_name});
}

PrivateNode::~PrivateNode() {
  driver_->stop();
  crew_.end();
  driver_->keep_values();
  around_.jobs.wait();
  crew_.store().stop();
  around_.pump.stop();
  driver_->bury();
  around_.store = nullptr;
  control_.on_process_died(driver_->self(), "the session ended");
  crew_.node().on_process_died(driver_->self(), "the session ended");
  around_.reader.reset();
  around_.threads->end_use();
  driver_->release();
}

}  // namespace shoal::shell
