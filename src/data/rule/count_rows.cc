#include "data/rule/rule.h"

namespace shoal::data {

NodePtr keep_only_count(const NodePtr& plan) {
  NodePtr node = plan;
  while (node->input() != nullptr && node->keeps_row_count()) node = node->input();
  return node;
}

}  // namespace shoal::data
