// gateway.tls and the proxies in front: whether the wire is private, judged before anybody listens.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "engine/config/deciding_file.h"
#include "engine/config/ip_range.h"
#include "engine/config/reading.h"
#include "engine/config/schema.h"
#include "engine/config/source.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;

// Whether a file is named; an error otherwise.
bool has_path(const Reading& reading, NodeId enabled, std::string_view key, const fs::path& path) {
  if (!path.empty()) return true;
  const NodeId id = reading.at(key);
  reading.error(id != 0 ? id : enabled,
                "gateway.tls.enabled is true and there is no {}; name the PEM file, or set "
                "gateway.tls.enabled to false.",
                key);
  return false;
}

// The text of a PEM file; an error, and nothing, when there is none.
std::optional<std::string> pem_text(const Reading& reading, std::string_view key,
                                    const fs::path& path) {
  const NodeId id = reading.at(key);
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    reading.error(id, "{}: {} is not a regular file.", key, printable(path.string()));
    return std::nullopt;
  }
  Result<std::string> text = read_text_file(path);
  if (text) return std::move(*text);
  reading.error(id, "{}: {}", key, text.error().message);
  return std::nullopt;
}

void check_certificate(const Reading& reading, const fs::path& path) {
  constexpr std::string_view kKey = "gateway.tls.certPath";
  const auto text = pem_text(reading, kKey, path);
  if (!text || text->find("-----BEGIN CERTIFICATE-----") != std::string::npos) return;
  reading.error(reading.at(kKey), "{}: {} holds no certificate in PEM form.", kKey,
                printable(path.string()));
}

// Our own file must be for us alone; one of root's may be for a group that we are in.
bool key_is_private(const struct stat& info) {
  return (info.st_mode & (info.st_uid == 0 && ::geteuid() != 0 ? 037U : 077U)) == 0;
}

void check_key(const Reading& reading, const fs::path& path) {
  constexpr std::string_view kKey = "gateway.tls.keyPath";
  const NodeId id = reading.at(kKey);
  const std::string name = printable(path.string());
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && !key_is_private(info)) {
    reading.error(id,
                  "{}: {} can be read or changed by others (mode {:04o}), so the key is not "
                  "secret. Run `chmod 600 {}`; if others may have read it, make a new key.",
                  kKey, name, info.st_mode & 07777U, name);
    return;
  }
  const auto text = pem_text(reading, kKey, path);
  if (!text) return;
  if (text->find("PRIVATE KEY-----") == std::string::npos) {
    reading.error(id, "{}: {} holds no private key in PEM form.", kKey, name);
  } else if (text->find("ENCRYPTED") != std::string::npos) {
    reading.error(id,
                  "{}: the key in {} has a passphrase, which nobody can give at a start; take it "
                  "off with `openssl pkey`.",
                  kKey, name);
  }
}

void check_proxies(const Reading& reading) {
  const NodeId ours = reading.at("gateway.tls.terminatedByProxy");
  const NodeId id = ours != 0 ? ours : reading.at("gateway.trustedProxies");
  std::vector<std::string>& proxies = reading.config.tls.terminated_by_proxy;
  for (const std::string& text : proxies) {
    const auto range = parse_ip_range(text);
    // Shorter blocks than these are not a proxy but a continent.
    const bool narrow = range && range->bits >= (range->address.is_v4() ? 96 + 8 : 16);
    if (narrow) continue;
    reading.error(
        id,
        "\"{}\" among the trusted proxies {}; write the proxy's own address (\"10.0.0.7\") or its "
        "network (\"10.0.0.0/24\").",
        printable(text.substr(0, 60)),
        !range ? "is not an address"
               : "is a large part of all addresses, and whoever is in it could say to be anybody");
  }
  std::ranges::sort(proxies);
  proxies.erase(std::unique(proxies.begin(), proxies.end()), proxies.end());
  if (proxies.size() > limits::kConfigProxiesMax) {
    reading.error(id, "more than {} trusted proxies.", limits::kConfigProxiesMax);
  }
}

void refuse_what_is_not_done(const Reading& reading, NodeId enabled, bool has_files) {
  const NodeId generate = reading.at("gateway.tls.autoGenerate");
  if (reading.flag(generate).value_or(false) && !has_files) {
    reading.error(generate,
                  "gateway.tls.autoGenerate: this version makes no certificates; make one with "
                  "`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                  "-days 365 -subj /CN=$(hostname) -keyout key.pem -out cert.pem` and name both "
                  "files in gateway.tls.certPath and gateway.tls.keyPath.");
  }
  const NodeId authorities = reading.at("gateway.tls.caPath");
  if (authorities != 0 && enabled != 0) {
    reading.error(authorities,
                  "gateway.tls.caPath: this version does not ask clients for certificates, so it "
                  "would let in those you mean to keep out; take it out.");
  }
}

}  // namespace

void check_tls(const Reading& reading) {
  check_proxies(reading);
  const TlsConfig& tls = reading.config.tls;
  if (!tls.enabled) return;
  const NodeId enabled = reading.at("gateway.tls.enabled");
  const bool has_files =
      reading.at("gateway.tls.certPath") != 0 && reading.at("gateway.tls.keyPath") != 0;
  refuse_what_is_not_done(reading, enabled, has_files);
  if (has_path(reading, enabled, "gateway.tls.certPath", tls.cert_path)) {
    check_certificate(reading, tls.cert_path);
  }
  if (has_path(reading, enabled, "gateway.tls.keyPath", tls.key_path)) {
    check_key(reading, tls.key_path);
  }
}

}  // namespace spine::config
