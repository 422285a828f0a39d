// OwnPlaces: what of this gateway lies where, so that it can be hidden.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"

namespace spine::agents {

// Canonical folders and files. A file alone is masked as it is now, and seen again once another is
// put in its place: so it is its folder that is hidden, but where programs need that folder.
struct OwnPlaces {
  std::vector<std::string> folders{};  // hidden with all that is in them
  std::vector<std::string> masks{};    // folders, and files that are in those programs need
  std::vector<std::string> files{};    // the configuration and the keys, with links to them
};
OwnPlaces own_places(const GatewayPlaces& gateway);

// The first of the gateway's own (state directory, configuration, keys) that lies in `folder`, or
// is it, with its name for people; "" = none.
std::string own_place_within(const GatewayPlaces& gateway, const std::string& folder);

}  // namespace spine::agents
