// exec_replay: what spine-replay is told, and what the running gateway says for comparison.
#include "adapters/cli/exec_replay.h"

#include <fmt/format.h>

#include "adapters/cli/gateway.h"
#include "adapters/cli/place.h"
#include "adapters/cli/process.h"
#include "engine/config/state_dir.h"
#include "engine/core/digest.h"
#include "journal/journal.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kAskMs = 30'000;

std::vector<std::string> not_compared(std::string_view why) {
  fmt::print(stderr, "Note: the running gateway is not compared: {}\n", printable(why));
  return {};
}

// False when the gateway says that its journal is another one than that in the state directory.
bool is_same_journal(const Json& digest, const Place& place) {
  const std::string epoch = digest.text("epoch");
  if (epoch.empty()) return true;
  const auto reader = journal::Reader::open_read_only(place.state_dir / "journal");
  return reader && show_uuid(reader->epoch()) == epoch;
}

// --live-seq and --live-digest, when a gateway runs on this state directory; nothing otherwise:
// whoever listens on the usual port may have another journal.
std::vector<std::string> live_digest(const Place& place) {
  const auto lock = config::read_lock(place.state_dir);
  if (!lock || !lock->running) return {};
  if (lock->port == 0) return not_compared("it is still starting.");
  client::Target target = place.target;
  target.port = lock->port;
  auto gateway = Gateway::open(target, kReadScopes, kAskMs);
  if (!gateway) return not_compared(gateway.error().message);
  const auto asked = gateway->ask("spine.digest");
  if (!asked) return not_compared(asked.error().message);
  const Json& digest = *asked;
  if (!is_same_journal(digest, place)) {
    return not_compared("its journal is not the one in this state directory.");
  }
  if (digest.number("version") != core::kDigestVersion) {
    return not_compared(fmt::format("its digests have version {}.", digest.number("version")));
  }
  return {"--live-seq", std::to_string(digest.number("seq")), "--live-digest",
          digest.text("digest")};
}

bool wants_live(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h" || word == "--live-seq") return false;
  }
  return words.size() >= 2 && words[0] == "replay" && words[1] == "verify";
}

}  // namespace

Error exec_replay(const std::vector<std::string>& words, const Common& common) {
  SPINE_TRY(const Place place, locate(common));
  SPINE_TRY(const std::filesystem::path program, sibling_program("spine-replay"));
  std::vector<std::string> full{program.string()};
  full.insert(full.end(), words.begin(), words.end());
  full.insert(full.end(), {"--state-dir", place.state_dir.string()});
  if (common.json) full.push_back("--json");
  if (wants_live(words)) {
    for (std::string& word : live_digest(place))
      full.push_back(std::move(word));
  }
  return become(full);
}

}  // namespace spine::cli
