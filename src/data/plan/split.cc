#include "data/plan/split.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "api/waiting.h"
#include "base/thread_safety.h"
#include "data/op/limit.h"
#include "data/plan/count.h"
#include "data/plan/materialize.h"

namespace shoal::data {
namespace {

/// What the parts of one split share.
class Division {
 public:
  Division(NodePtr origin, SplitRule rule) : origin_(std::move(origin)), rule_(std::move(rule)) {}

  const NodePtr& origin() const { return origin_; }

  Result<NodePtr> part(std::size_t index, const RunSettings& settings) {
    std::optional<Waiting> lends(std::in_place);  // another part may run the plan, on this task's CPU
    const Lock lock(mutex_);
    lends.reset();
    if (!base_) SHOAL_RETURN_IF_ERROR(find_base(settings));
    const std::int64_t begin = index == 0 ? 0 : ends_[index - 1];
    return NodePtr(std::make_shared<WindowNode>(base_, RowWindow{begin, ends_[index] - begin}));
  }

  std::optional<std::int64_t> known_rows(std::size_t index) const {
    const auto rows = shoal::data::known_rows(*origin_);
    if (!rows) return std::nullopt;
    const auto ends = rule_(*rows);
    return ends[index] - (index == 0 ? 0 : ends[index - 1]);
  }

 private:
  Status find_base(const RunSettings& settings) REQUIRES(mutex_) {
    SHOAL_ASSIGN_OR_RETURN(const auto counted, count_from_metadata(*origin_));
    if (counted) {
      ends_ = rule_(*counted);
      base_ = origin_;
      return {};
    }
    if (kept_ == nullptr) kept_ = std::make_shared<MaterializeNode>(origin_);
    SHOAL_ASSIGN_OR_RETURN(const NodePtr blocks, kept_->resolve(settings));
    ends_ = rule_(blocks->known_rows(std::nullopt).value_or(0));
    base_ = kept_;
    return {};
  }

  const NodePtr origin_;
  const SplitRule rule_;
  Mutex mutex_;
  NodePtr base_ GUARDED_BY(mutex_);  // null before a part was resolved
  std::vector<std::int64_t> ends_ GUARDED_BY(mutex_);
  std::shared_ptr<const MaterializeNode> kept_ GUARDED_BY(mutex_);
};

class PartNode final : public Node, public Deferred {
 public:
  PartNode(std::shared_ptr<Division> division, std::size_t index, std::string label)
      : division_(std::move(division)), index_(index), label_(std::move(label)) {}

  std::string describe() const override { return label_; }
  NodePtr with_input(NodePtr) const override { return nullptr; }
  const NodePtr& origin() const override { return division_->origin(); }
  Result<NodePtr> resolve(const RunSettings& settings) const override { return division_->part(index_, settings); }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t>) const override {
    return division_->known_rows(index_);
  }
  SchemaPtr known_schema(const SchemaPtr&) const override { return shoal::data::known_schema(*division_->origin()); }

 private:
  const std::shared_ptr<Division> division_;
  const std::size_t index_;
  const std::string label_;
};

}  // namespace

SplitRule equal_parts(int n) {
  return [n](std::int64_t rows) {
    std::vector<std::int64_t> ends;
    std::int64_t end = 0;
    for (int i = 0; i < n; ++i) ends.push_back(end += rows / n + (i < rows % n ? 1 : 0));
    return ends;
  };
}

SplitRule last_fraction(double fraction) {
  return [fraction](std::int64_t rows) {
    const auto last = static_cast<std::int64_t>(std::llround(static_cast<double>(rows) * fraction));
    return std::vector<std::int64_t>{rows - std::clamp<std::int64_t>(last, 0, rows), rows};
  };
}

SplitRule last_rows(std::int64_t wanted) {
  return [wanted](std::int64_t rows) { return std::vector<std::int64_t>{rows - std::min(wanted, rows), rows}; };
}

std::vector<NodePtr> make_split(const NodePtr& origin, const SplitRule& rule, int parts, const std::string& name) {
  const auto division = std::make_shared<Division>(origin, rule);
  std::vector<NodePtr> nodes;
  for (int i = 0; i < parts; ++i) {
    const std::string label = name + "(part " + std::to_string(i + 1) + " of " + std::to_string(parts) + ")";
    nodes.push_back(std::make_shared<PartNode>(division, static_cast<std::size_t>(i), label));
  }
  return nodes;
}

}  // namespace shoal::data
