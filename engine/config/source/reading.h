// Reading: a checked tree of settings on its way into a Config.
#pragma once

#include <fmt/format.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/config.h"
#include "engine/config/json5/json5.h"
#include "engine/config/settings/setting.h"
#include "engine/config/source/environment.h"
#include "engine/config/source/findings.h"

namespace spine::config {

// The tree passed check_schema(): values that have a row are what it accepts. Members outlive the
// reading. The rules below report what is contradictory.
struct Reading {
  const Document& document;
  NodeId root;
  const Environment& environment;
  Findings& findings;
  Config& config;

  // The value at a path of plain keys ("gateway.auth.mode"), or 0.
  NodeId at(std::string_view path) const { return below(root, path); }
  NodeId below(NodeId from, std::string_view path) const;

  // The value, or nothing when it is absent. REQUIRES: of that type, if there is one.
  std::optional<std::string> text(NodeId id) const;
  std::optional<bool> flag(NodeId id) const;
  std::optional<std::int64_t> integer(NodeId id) const;
  // The same of what stands below a value.
  auto text(NodeId from, std::string_view path) const { return text(below(from, path)); }
  auto flag(NodeId from, std::string_view path) const { return flag(below(from, path)); }
  auto integer(NodeId from, std::string_view path) const { return integer(below(from, path)); }
  auto texts(NodeId from, std::string_view path) const { return texts(below(from, path)); }
  // A string, or a whole number as text; nothing for all else.
  std::optional<std::string> id(NodeId node) const;
  // Members or elements; none when it is absent.
  std::vector<NodeId> children(NodeId node) const { return document.children(node); }
  // Strings and numbers of a list, as texts; empty when absent.
  std::vector<std::string> texts(NodeId node) const;
  // The file or folder that a setting names: relative ones begin at the configuration file's
  // folder, "~/" at home. Absolute; empty when absent or "".
  std::filesystem::path path(NodeId id) const;
  // What the member of such a setting holds. REQUIRES: id != 0, of that type.
  Value value(NodeId id, const Accepts& accepts) const;
  // Puts what stands below `node` into the members of `owner`, the rows' struct; an error where two
  // spellings of one member differ.
  void take(std::span<const Setting> rows, NodeId node, void* owner) const;

  // "file:line:column" of the value.
  std::string where(NodeId id) const { return document.where(id); }

  // A finding at the value.
  template <class... Args>
  void error(NodeId id, fmt::format_string<Args...> text, Args&&... args) const {
    findings.error(where(id) + ": " + fmt::format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void warn(NodeId id, fmt::format_string<Args...> text, Args&&... args) const {
    findings.warn(where(id) + ": " + fmt::format(text, std::forward<Args>(args)...));
  }
  // Before all others.
  template <class... Args>
  void warn_first(NodeId id, fmt::format_string<Args...> text, Args&&... args) const {
    findings.warn_first(where(id) + ": " + fmt::format(text, std::forward<Args>(args)...));
  }
};

// A value and how people call it.
struct Spelling {
  NodeId id{};
  std::string_view key{};
};

// Two spellings of one setting say different things.
void disagree(const Reading& reading, Spelling a, Spelling b);

// The modes of messages.queue and what each is also called.
inline constexpr Accepts kQueueModes = one_of({{"followup", fb::QueueMode::followup},
                                               {"queue", fb::QueueMode::followup},
                                               {"steer", fb::QueueMode::steer},
                                               {"steer-backlog", fb::QueueMode::steer},
                                               {"steer+backlog", fb::QueueMode::steer},
                                               {"interrupt", fb::QueueMode::interrupt},
                                               {"collect", fb::QueueMode::collect}});

}  // namespace spine::config
