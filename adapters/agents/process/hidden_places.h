// HiddenPlaces: what of this machine an agent is not to see, the gateway's own above all.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/trusted.h"

namespace spine::agents {

// Canonical folders and files. A file alone is masked as it is now, and seen again once another is
// put in its place: so it is its folder that is hidden, but where programs need that folder.
struct OwnPlaces {
  Paths folders{};  // hidden with all that is in them
  Paths masks{};    // folders, and files that are in those programs need
  Paths files{};    // the configuration and the keys, with links to them
};
OwnPlaces own_places(const GatewayPlaces& gateway);

// The first of the gateway's own (state directory, configuration, keys) that lies in `folder`, or
// is it, with its name for people; "" = none.
std::string own_place_within(const GatewayPlaces& gateway, const std::string& folder);

// All paths are canonical.
class HiddenPlaces {
 public:
  explicit HiddenPlaces(const LaunchRequest& request);

  // Below a place that is hidden, so that it has to be shown.
  bool is_hidden(const std::string& path) const { return is_within_any(path, folders_); }
  // Showing it would show a hidden place, or the gateway's own.
  bool would_uncover(const std::string& path) const;
  // In a place that is hidden once more after everything is shown.
  bool is_covered(const std::string& path) const {
    return is_within_any(path, own_.folders) || is_within_any(path, others_);
  }
  // All of the machine that is neither is seen anyway.
  bool needs_showing(const std::string& path) const { return is_hidden(path) || is_covered(path); }
  bool is_own(const std::string& path) const;

  const std::string& state() const { return state_; }
  const OwnPlaces& own() const { return own_; }
  const Paths& folders() const { return folders_; }  // hidden first of all
  const Paths& others() const { return others_; }    // workspaces it is not to see

 private:
  void hide(const std::string& path);
  void gather_folders();
  void gather_others(const LaunchRequest& request);

  std::string state_;
  OwnPlaces own_;
  Paths folders_{};
  Paths others_{};
};

}  // namespace spine::agents
