// Names of programs and packages, as data.
#include "adapters/agents/process/userns_needs.h"

#include <array>
#include <filesystem>

#include "adapters/agents/process/agent_view.h"
#include "adapters/agents/process/proc.h"
#include "adapters/agents/process/program.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOfChromium =
    "keeps the pages of Chromium apart with them; without them it needs --no-sandbox";
constexpr std::string_view kOfCodex =
    "runs commands in a sandbox of its own, with bubblewrap where it finds it; without them it has "
    "to leave that to Spine's (sandbox_mode = \"danger-full-access\")";
constexpr std::string_view kOfItself = "makes them itself, and does not work without";

struct Known {
  std::string_view name{};
  std::string_view what{};
};
constexpr std::array<Known, 21> kPrograms{{{"chromium", kOfChromium},
                                           {"chromium-browser", kOfChromium},
                                           {"google-chrome", kOfChromium},
                                           {"google-chrome-stable", kOfChromium},
                                           {"chrome", kOfChromium},
                                           {"brave-browser", kOfChromium},
                                           {"microsoft-edge", kOfChromium},
                                           {"electron", kOfChromium},
                                           {"playwright", kOfChromium},
                                           {"playwright-mcp", kOfChromium},
                                           {"mcp-server-playwright", kOfChromium},
                                           {"chrome-devtools-mcp", kOfChromium},
                                           {"puppeteer", kOfChromium},
                                           {"codex", kOfCodex},
                                           {"codex-acp", kOfCodex},
                                           {"bwrap", kOfItself},
                                           {"flatpak", kOfItself},
                                           {"podman", kOfItself},
                                           {"buildah", kOfItself},
                                           {"unshare", kOfItself},
                                           {"firejail", kOfItself}}};
// Looked for as "name": in a package.json.
constexpr std::array<Known, 7> kPackages{{{"puppeteer", kOfChromium},
                                          {"puppeteer-core", kOfChromium},
                                          {"playwright", kOfChromium},
                                          {"playwright-core", kOfChromium},
                                          {"@playwright/test", kOfChromium},
                                          {"electron", kOfChromium},
                                          {"@openai/codex", kOfCodex}}};

// "chrome-devtools-mcp@latest", "@playwright/mcp", "/usr/bin/chromium", "codex.js".
std::optional<UsernsNeed> by_name(const std::string& word) {
  if (word.find("@playwright/mcp") != std::string::npos) return UsernsNeed{word, kOfChromium};
  std::string name = fs::path(word).filename().string();
  name = name.substr(0, name.find('@', 1));
  if (name.ends_with(".js")) name.resize(name.size() - 3);
  for (const Known& known : kPrograms) {
    if (name == known.name) return UsernsNeed{std::string(known.name), known.what};
  }
  return std::nullopt;
}

std::optional<UsernsNeed> by_package(const std::string& program) {
  const std::string package = node_package_of(program);
  if (package.empty()) return std::nullopt;
  const std::string text = read_proc_file(package + "/package.json");
  for (const Known& known : kPackages) {
    const std::string quoted = "\"" + std::string(known.name) + "\"";
    const std::size_t at = text.find(quoted);
    if (at == std::string::npos) continue;
    const std::size_t next = text.find_first_not_of(" \t\r\n", at + quoted.size());
    if (next != std::string::npos && text[next] == ':') {
      return UsernsNeed{std::string(known.name), known.what};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<UsernsNeed> userns_need_of(const std::string& program,
                                         const std::vector<std::string>& args) {
  const std::vector<std::string> hops = link_chain(program);
  for (const auto* words : {&hops, &args}) {
    for (const std::string& word : *words) {
      if (auto need = by_name(word)) return need;
    }
  }
  return hops.empty() ? std::nullopt : by_package(hops.back());
}

}  // namespace spine::agents
