// Secrets are told by their settings, and by the names people give them, so that what is unknown to
// Spine is covered.
#include "engine/config/redact.h"

#include <algorithm>
#include <array>

#include "engine/config/key_tree.h"
#include "engine/config/reading.h"

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

}  // namespace spine::config
