// HiddenPlaces: what of this machine an agent is not to see.
#pragma once

#include <string>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/own_places.h"
#include "adapters/agents/process/trusted.h"

namespace spine::agents {

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
