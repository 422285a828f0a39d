// Secrets are told by the names people give them, so that settings unknown to Spine are covered.
#include "engine/config/redact.h"

#include <algorithm>
#include <array>

namespace spine::config {
namespace {

// Compared with the end of the key in lower case without _, - and dots: botToken, API_KEY, ...
// Their plurals count too.
constexpr std::array<std::string_view, 29> kSecretEndings{
    "token",         "password",   "passwd",     "passphrase",      "passcode",
    "passkey",       "pwd",        "secret",     "apikey",          "privatekey",
    "accesskey",     "secretkey",  "signingkey", "signkey",         "encryptkey",
    "encryptionkey", "masterkey",  "sharedkey",  "authkey",         "authorization",
    "bearer",        "cookie",     "jwt",        "serviceaccount",  "credential",
    "webhookurl",    "webhookuri", "dsn",        "connectionstring"};

// Too short to be looked for at the end of other words; and tables of secrets.
constexpr std::array<std::string_view, 5> kSecretNames{"key", "keys", "pass", "env", "headers"};

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
  std::string text{};  // instead of what stands there
};

// What stands for the scalar instead of itself, or empty.
std::string replacement(const Document& document, NodeId id, Hidden hidden) {
  if (is_hidden(document, id, hidden)) return std::string{kRedacted};
  if (document.kind(id) != Kind::string) return {};
  std::string text = without_userinfo(document.text(id));
  return text == document.text(id) ? std::string{} : text;
}

void collect(const Document& document, NodeId id, Hidden hidden,
             std::vector<std::string_view>& path, std::vector<Range>& out) {
  const Node& node = document[id];
  if (node.kind != Kind::object && node.kind != Kind::array) {
    std::string text = replacement(document, id, hidden);
    if (!text.empty()) out.push_back({node.source_begin, node.source_end, std::move(text)});
    return;
  }
  for (NodeId child = node.first_child; child != 0; child = document.next(child)) {
    if (node.kind == Kind::array) {
      collect(document, child, hidden, path, out);
      continue;
    }
    path.push_back(document.key(child));
    collect(document, child, more_hidden(hidden, hidden_part(path)), path, out);
    path.pop_back();
  }
}

}  // namespace

Hidden hidden_part(std::span<const std::string_view> path) {
  const std::string key = folded(path.back());
  if (std::ranges::find(kSecretNames, key) != kSecretNames.end()) return Hidden::everything;
  if (key.ends_with("tokens")) return Hidden::texts;
  const std::string_view singular{key.data(), key.size() - (key.ends_with('s') ? 1 : 0)};
  const auto ends = [&](std::string_view ending) { return singular.ends_with(ending); };
  return std::ranges::any_of(kSecretEndings, ends) ? Hidden::everything : Hidden::nothing;
}

std::string redacted_text(const Document& document, NodeId root, std::string_view text) {
  std::vector<Range> ranges;
  std::vector<std::string_view> path;
  collect(document, root, Hidden::nothing, path, ranges);
  std::string out;
  std::size_t at = 0;
  for (const Range& range : ranges) {
    out += text.substr(at, range.begin - at);
    append_json_string(out, range.text);
    at = range.end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace spine::config
