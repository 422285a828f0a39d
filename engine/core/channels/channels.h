// Channels: the accounts of channels that the gateway delivers to.
#pragma once

#include <string_view>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

class Channels : public RowVector<ChannelRow, limits::kChannelAccountsMax> {
 public:
  // nullptr = there is none. Borrowed until the table changes. `name` in lower case.
  const ChannelRow* find(ChannelId id) const;
  const ChannelRow* find(std::string_view name, std::string_view account) const;

  ChannelRow* find(std::string_view name, std::string_view account);

  // Does nothing when it is there, or there is no room. REQUIRES: every id is smaller.
  void add(ChannelRow row);
  // Of a gateway that has just started none is connected.
  void stop_all(std::int64_t wall_ms);
};

}  // namespace spine::core
