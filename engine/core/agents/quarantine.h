// Quarantine: agents that are not started again until somebody lets them out.
#pragma once

#include <string>
#include <string_view>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"

namespace spine::core {

class Quarantine : public RowVector<QuarantinedAgent, limits::kQuarantinedMax> {
 public:
  bool has(std::string_view agent_id) const {
    return find_row([&](const Row& row) { return row.agent_id == agent_id; }) != nullptr;
  }
  // Does nothing when it is there, or there is no room.
  void add(Seq quarantined, std::string_view agent_id) {
    if (agent_id.empty() || full() || has(agent_id)) return;
    rows_.push_back({.quarantined = quarantined, .agent_id = std::string(agent_id)});
  }
  void remove(std::string_view agent_id) {
    std::erase_if(rows_, [&](const Row& row) { return row.agent_id == agent_id; });
  }
};

}  // namespace spine::core
