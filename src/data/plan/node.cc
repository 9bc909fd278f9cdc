#include "data/plan/node.h"

namespace shoal::data {

std::optional<std::int64_t> known_rows(const Node& node) {
  const auto input_rows = node.input() == nullptr ? std::nullopt : known_rows(*node.input());
  return node.keeps_row_count() ? input_rows : node.known_rows(input_rows);
}

SchemaPtr known_schema(const Node& node) {
  return node.known_schema(node.input() == nullptr ? nullptr : known_schema(*node.input()));
}

std::vector<NodePtr> chain_of(const NodePtr& plan) {
  std::vector<NodePtr> chain;
  for (NodePtr node = plan; node != nullptr; node = node->input()) chain.insert(chain.begin(), node);
  return chain;
}

}  // namespace shoal::data
