// PEM files through OpenSSL.
#include "adapters/websocket/net/gateway_identity.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/websocket/door/device_identity.h"
#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/show.h"

namespace spine::net {
namespace {

struct IdentityKeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using IdentityKey = std::unique_ptr<EVP_PKEY, IdentityKeyFree>;

struct FileClose {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileClose>;

Error unreadable(const std::filesystem::path& path) {
  return {Errc::corrupt, path.string() +
                             " holds no Ed25519 key. Move it away, and the gateway makes another; "
                             "clients that pinned the old one must be told."};
}

// Whoever has the key can impersonate this gateway.
Status check_secret(int fd, const std::filesystem::path& path) {
  SPINE_TRY_STATUS(config::check_deciding(fd, path));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || (info.st_mode & 077U) == 0) return ok();
  return Error{Errc::refused,
               fmt::format("The key {0} can be read by others (mode {1:04o}), so it is not secret. "
                           "Run `chmod 600 {0}`; if others may have read it, move it away, and the "
                           "gateway makes another.",
                           printable(path.string()), info.st_mode & 07777U)};
}

Result<GatewayIdentity> identity_of(EVP_PKEY* key, const std::filesystem::path& path) {
  std::array<unsigned char, 32> raw{};
  std::size_t bytes = raw.size();
  if (EVP_PKEY_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, raw.data(), &bytes) != 1 || bytes != raw.size()) {
    return unreadable(path);
  }
  const std::string_view text{reinterpret_cast<const char*>(raw.data()), raw.size()};
  const ByteSpan span{reinterpret_cast<const std::byte*>(raw.data()), raw.size()};
  return GatewayIdentity{.device_id = show_hex(sha256_of(text)),
                         .public_key = encode_base64url(span)};
}

// Atomic: written to another file, synced, then renamed.
Status write_key(EVP_PKEY* key, const std::filesystem::path& path) {
  const std::string part = path.string() + ".part";
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const File file{fd < 0 ? nullptr : ::fdopen(fd, "w")};
  const bool written =
      file != nullptr &&
      PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
      std::fflush(file.get()) == 0 && ::fsync(::fileno(file.get())) == 0 &&
      ::rename(part.c_str(), path.c_str()) == 0;
  if (written) return ok();
  return Error{Errc::io, "Cannot write " + path.string() + ": " + std::strerror(errno) + "."};
}

}  // namespace

Result<GatewayIdentity> load_or_create_identity(const std::filesystem::path& state_dir) {
  const std::filesystem::path path = state_dir / "identity.pem";
  auto opened = config::open_regular(path);
  if (opened) {
    SPINE_TRY_STATUS(check_secret(opened->get(), path));
    const File file{::fdopen(opened->get(), "r")};
    if (file == nullptr) return unreadable(path);
    [[maybe_unused]] const int owned = opened->release();
    // A key of ours has no pass phrase; nobody is asked for one.
    const auto no_phrase = [](char*, int, int, void*) { return 0; };
    const IdentityKey key{PEM_read_PrivateKey(file.get(), nullptr, no_phrase, nullptr)};
    return key == nullptr ? Result<GatewayIdentity>{unreadable(path)}
                          : identity_of(key.get(), path);
  }
  if (opened.error().code != Errc::not_found) return opened.error();
  const IdentityKey key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  if (key == nullptr) return Error{Errc::io, "OpenSSL made no key for the gateway."};
  SPINE_TRY_STATUS(write_key(key.get(), path));
  return identity_of(key.get(), path);
}

}  // namespace spine::net
