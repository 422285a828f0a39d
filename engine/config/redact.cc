// Secrets are told by the names people give them, so that settings unknown to Spine are covered.
#include "engine/config/redact.h"

#include <algorithm>
#include <array>

namespace spine::config {
namespace {

// Compared with the end of the key in lower case without _, - and dots: botToken, API_KEY, ...
constexpr std::array<std::string_view, 16> kSecretEndings{
    "token",      "password",       "passwd",     "passphrase", "secret",  "apikey",
    "privatekey", "accesskey",      "signingkey", "encryptkey", "authkey", "authorization",
    "cookie",     "serviceaccount", "credential", "credentials"};

constexpr std::array<std::string_view, 2> kSecretTables{"env", "headers"};

std::string folded(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

struct Range {
  std::uint32_t begin{};
  std::uint32_t end{};
};

void collect(const Document& document, NodeId id, bool hidden, std::vector<std::string_view>& path,
             std::vector<Range>& out) {
  const Node& node = document[id];
  if (node.kind != Kind::object && node.kind != Kind::array) {
    if (hidden && node.kind != Kind::null) out.push_back({node.source_begin, node.source_end});
    return;
  }
  for (NodeId child = node.first_child; child != 0; child = document.next(child)) {
    if (node.kind == Kind::array) {
      collect(document, child, hidden, path, out);
      continue;
    }
    path.push_back(document.key(child));
    collect(document, child, hidden || is_secret(path), path, out);
    path.pop_back();
  }
}

}  // namespace

bool is_secret(std::span<const std::string_view> path) {
  const std::string key = folded(path.back());
  const auto ends = [&](std::string_view ending) { return key.ends_with(ending); };
  return std::ranges::any_of(kSecretEndings, ends) ||
         std::ranges::find(kSecretTables, key) != kSecretTables.end();
}

std::string redacted_text(const Document& document, NodeId root, std::string_view text) {
  std::vector<Range> ranges;
  std::vector<std::string_view> path;
  collect(document, root, false, path, ranges);
  std::string out;
  std::size_t at = 0;
  for (const Range& range : ranges) {
    out += text.substr(at, range.begin - at);
    append_json_string(out, kRedacted);
    at = range.end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace spine::config
