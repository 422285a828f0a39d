// Secrets are recognised by the type of their setting and by their key's name, so that keys unknown
// to Spine are covered.
#include "engine/config/edit/redact.h"

#include <algorithm>
#include <array>

#include "engine/config/settings/setting.h"

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

// Appends the query of a URL, "?a=b&token=c", with kRedacted for the values of secrets.
void append_query(std::string& out, std::string_view query) {
  while (!query.empty()) {
    out.push_back(query.front());
    query.remove_prefix(1);
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::string_view name = pair.substr(0, pair.find('='));
    const bool secret = name.size() + 1 < pair.size() && is_secret({&name, 1});
    out += secret ? pair.substr(0, name.size() + 1) : pair;
    if (secret) out += kRedacted;
    query.remove_prefix(end);
  }
}

constexpr std::string_view kUrlMark = "://";

std::string without_userinfo(std::string_view text) {
  std::string out;
  for (std::size_t mark = text.find(kUrlMark); mark != std::string_view::npos;
       mark = text.find(kUrlMark)) {
    const std::size_t begin = mark + kUrlMark.size();
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'", begin), text.size());
    const std::size_t at = text.substr(begin, end - begin).rfind('@');
    out += text.substr(0, begin);
    if (at != std::string_view::npos) out += kRedacted;
    text.remove_prefix(at == std::string_view::npos ? begin : begin + at);
  }
  return out += text;
}

std::string without_query_secrets(std::string_view text) {
  std::string out;
  for (std::size_t mark = text.find(kUrlMark); mark != std::string_view::npos;
       mark = text.find(kUrlMark)) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'", mark), text.size());
    const std::size_t query = std::min(text.find('?', mark), end);
    const std::size_t query_end = std::min(text.find('#', query), end);
    out += text.substr(0, query);
    append_query(out, text.substr(query, query_end - query));
    out += text.substr(query_end, end - query_end);
    text.remove_prefix(end);
  }
  return out += text;
}

}  // namespace

std::string folded_key(std::string_view key) {
  std::string out = lower_case(key);
  std::erase_if(out,
                [](char c) { return std::string_view{"_-. "}.find(c) != std::string_view::npos; });
  return out;
}

Hidden hidden_part(std::span<const std::string_view> path) {
  const KeyEntry* entry = find_entry(path);
  if (entry != nullptr && entry->is(Type::secret)) return Hidden::everything;
  const std::string key = folded_key(path.back());
  if (std::ranges::find(kSecretNames, key) != kSecretNames.end()) return Hidden::everything;
  if (key.ends_with("tokens")) return Hidden::texts;
  const std::string_view singular{key.data(), key.size() - (key.ends_with('s') ? 1 : 0)};
  const auto ends = [&](std::string_view ending) { return singular.ends_with(ending); };
  return std::ranges::any_of(kSecretEndings, ends) ? Hidden::everything : Hidden::nothing;
}

std::string without_url_secrets(std::string_view text) {
  return without_query_secrets(without_userinfo(text));
}

}  // namespace spine::config
