// exec_replay: hands `spine journal ...` and `spine replay ...` to the program that cannot act.
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/self.h"
#include "adapters/cli/verbs.h"
#include "engine/core/digest.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kAskMs = 30'000;

// --live-seq and --live-digest, when a gateway runs on this state directory; nothing otherwise.
std::vector<std::string> live_digest(const Place& place) {
  auto client = RpcClient::open(place.target, R"(["operator.read"])", in_ms(kAskMs));
  if (!client) {
    if (client.error().code == Errc::unavailable) return {};
    fmt::print(stderr, "Note: the running gateway is not compared: {}\n", client.error().message);
    return {};
  }
  const auto answer = client->call("spine.digest", "{}", in_ms(kAskMs));
  simdjson::dom::parser parser;
  simdjson::dom::element digest;
  if (!answer || !answer->ok || parser.parse(answer->payload).get(digest) != simdjson::SUCCESS) {
    fmt::print(stderr, "Note: the running gateway is not compared: {}\n",
               answer ? answer->message : answer.error().message);
    return {};
  }
  if (number_at(digest, "version") != core::kDigestVersion) {
    fmt::print(stderr, "Note: the running gateway is not compared: its digests have version {}.\n",
               number_at(digest, "version"));
    return {};
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
