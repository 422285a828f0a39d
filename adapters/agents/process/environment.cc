// The allow list, then what the configuration adds, then what skills add.
#include "adapters/agents/process/environment.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "adapters/agents/process/orphans.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

constexpr std::string_view kUsualPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array<std::string_view, 14> kPassedOn{"PATH",
                                                     "LANG",
                                                     "LANGUAGE",
                                                     "TZ",
                                                     "http_proxy",
                                                     "https_proxy",
                                                     "no_proxy",
                                                     "all_proxy",
                                                     "HTTP_PROXY",
                                                     "HTTPS_PROXY",
                                                     "NO_PROXY",
                                                     "ALL_PROXY",
                                                     "NODE_EXTRA_CA_CERTS",
                                                     "SSL_CERT_FILE"};

// What opens the gateway itself.
constexpr std::array<std::string_view, 4> kNever{
    "OPENCLAW_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_PASSWORD", "SPINE_GATEWAY_TOKEN", kOwnerVariable};

bool is_listed(const auto& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_variable_name(std::string_view name) {
  return is_plain(name, "_") && !is_digit(name[0]);
}

// Variables in the order they were first set.
class Variables {
 public:
  void set(std::string_view name, std::string_view value) {
    for (std::string& entry : entries_) {
      if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
        entry = fmt::format("{}={}", name, value);
        return;
      }
    }
    entries_.push_back(fmt::format("{}={}", name, value));
  }
  bool has(std::string_view name) const {
    return std::any_of(entries_.begin(), entries_.end(), [name](const std::string& entry) {
      return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
    });
  }
  std::vector<std::string> take() { return std::move(entries_); }

 private:
  std::vector<std::string> entries_{};
};

void set_from_gateway(Variables& variables) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    if (is_listed(kPassedOn, name) || name == "SSL_CERT_DIR" || name.starts_with("LC_")) {
      variables.set(name, text.substr(equals + 1));
    }
  }
  if (!variables.has("PATH")) variables.set("PATH", kUsualPath);
}

void set_own(Variables& variables, const LaunchRequest& request, const std::string& user_name) {
  const std::string& home = request.places.home;
  variables.set("HOME", home);
  variables.set("USER", user_name);
  variables.set("LOGNAME", user_name);
  variables.set("TERM", "dumb");
  variables.set("TMPDIR", "/tmp");
  variables.set("XDG_CONFIG_HOME", home + "/.config");
  variables.set("XDG_CACHE_HOME", home + "/.cache");
  variables.set("XDG_DATA_HOME", home + "/.local/share");
  variables.set("XDG_STATE_HOME", home + "/.local/state");
}

// Why an agent cannot get a variable of that name; nothing = it can.
std::optional<std::string> why_not(std::string_view name, bool is_root) {
  if (!is_variable_name(name)) return "that is no name of a variable";
  if (is_listed(kNever, name)) return "it belongs to the gateway and agents never get it";
  // The loader would obey it in setpriv and bwrap too, which a root gateway starts as root.
  if (is_root && name.starts_with("LD_")) {
    return "the gateway is root, and the programs that take root's rights from the agent would "
           "load it too; put it into a wrapper script, or run the gateway as another user";
  }
  return std::nullopt;
}

Error cannot_get(std::string_view agent, std::string_view key, std::string_view name,
                 std::string_view reason) {
  return {Errc::invalid_argument, fmt::format("Agent {}: {} names {}: {}.", printable(agent), key,
                                              printable(name), reason)};
}

}  // namespace

Result<std::vector<std::string>> agent_environment(const LaunchRequest& request,
                                                   const std::string& user_name) {
  const config::AgentConfig& agent = request.agent;
  Variables variables;
  variables.set(kOwnerVariable, owner_mark(request.gateway.state_dir));
  set_from_gateway(variables);
  set_own(variables, request, user_name);
  for (const std::string& name : agent.process.pass_env) {
    if (const auto reason = why_not(name, request.means.is_root)) {
      return cannot_get(agent.id, "spine.passEnv", name, *reason);
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
    if (const char* value = std::getenv(name.c_str())) variables.set(name, value);
  }
  for (const auto& [name, value] : agent.process.env) {
    if (const auto reason = why_not(name, request.means.is_root)) {
      return cannot_get(agent.id, "spine.env", name, *reason);
    }
    variables.set(name, value);
  }
  // A skill names its variables itself, so what is no plain variable is left out.
  for (const auto& [name, value] : request.skill_env) {
    if (!why_not(name, true) && !variables.has(name)) variables.set(name, value);
  }
  return variables.take();
}

}  // namespace spine::agents
