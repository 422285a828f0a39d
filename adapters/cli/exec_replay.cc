// exec_replay: hands `spine journal ...` and `spine replay ...` to the program that cannot act.
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/self.h"
#include "adapters/cli/verbs.h"
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
bool is_same_journal(const simdjson::dom::element& digest, const Place& place) {
  const std::string epoch = text_at(digest, "epoch");
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
  Target target = place.target;
  target.port = lock->port;
  auto client = RpcClient::open(target, R"(["operator.read"])", in_ms(kAskMs));
  if (!client) return not_compared(client.error().message);
  const auto answer = client->call("spine.digest", "{}", in_ms(kAskMs));
  simdjson::dom::parser parser;
  simdjson::dom::element digest;
  if (!answer || !answer->ok || parser.parse(answer->payload).get(digest) != simdjson::SUCCESS) {
    return not_compared(answer ? answer->message : answer.error().message);
  }
  if (!is_same_journal(digest, place)) {
    return not_compared("its journal is not the one in this state directory.");
  }
  if (number_at(digest, "version") != core::kDigestVersion) {
    return not_compared(fmt::format("its digests have version {}.", number_at(digest, "version")));
  }
  return {"--live-seq", std::to_string(number_at(digest, "seq")), "--live-digest",
          text_at(digest, "digest")};
}

bool wants_live(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h" || word == "--live-seq") return false;
  }
  return words.size() >= 2 && words[0] == "replay" && words[1] == "verify";
}

}  // namespace

int exec_replay(const std::vector<std::string>& words, const Common& common) {
  const auto place = locate(common);
  if (!place) return fail(place.error());
  const auto program = sibling_program("spine-replay");
  if (!program) return fail(program.error());
  std::vector<std::string> full{program->string()};
  full.insert(full.end(), words.begin(), words.end());
  full.insert(full.end(), {"--state-dir", place->state_dir.string()});
  if (common.json) full.push_back("--json");
  if (wants_live(words)) {
    for (std::string& word : live_digest(*place))
      full.push_back(std::move(word));
  }
  std::vector<char*> argv;
  for (std::string& word : full)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program->c_str(), argv.data());
  return fail({Errc::io, fmt::format("Cannot run {}: {}.", program->string(), strerror(errno))});
}

}  // namespace spine::cli
