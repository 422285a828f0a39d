// One table out of those of the namespaces.
#include "adapters/websocket/net/method_table.h"

#include <algorithm>
#include <vector>

#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/pushes/journal_streams.h"
#include "adapters/websocket/pushes/resuming.h"

namespace spine::net {

std::span<const Method> methods() {
  static const std::vector<Method> all = [] {
    std::vector<Method> index;
    for (const std::span<const Method> part :
         {agent_methods(), approval_methods(), bridge_methods(), channel_methods(), chat_methods(),
          config_methods(), delivery_methods(), device_methods(), history_methods(),
          journal_methods(), resume_methods(), send_methods(), session_methods(), skills_methods(),
          system_methods()})
      index.insert(index.end(), part.begin(), part.end());
    std::ranges::sort(index, {}, &Method::name);
    return index;
  }();
  return all;
}

const Method* find_method(std::string_view name) {
  const std::span<const Method> all = methods();
  const auto found = std::ranges::lower_bound(all, name, {}, &Method::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

}  // namespace spine::net
