// OpenSSL's part in TLS that libwebsockets does not do.
#include "adapters/websocket/net/tls.h"

#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace spine::net {
namespace {

std::string openssl_says() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return reason == nullptr ? "unknown reason" : reason;
}

Error refused(const std::string& what, const std::string& path, const std::string& hint) {
  return {Errc::invalid_argument,
          what + " " + path + " cannot be used: " + openssl_says() + ". " + hint};
}

}  // namespace

// Never asks at the terminal.
extern "C" int spine_no_pass_phrase(char*, int, int, void*) {
  return 0;
}

Status check_tls(const TlsFiles& files) {
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context{
      ::SSL_CTX_new(::TLS_server_method()), &::SSL_CTX_free};
  if (context == nullptr) return Error{Errc::io, "OpenSSL could not be started."};
  ::ERR_clear_error();
  ::SSL_CTX_set_default_passwd_cb(context.get(), spine_no_pass_phrase);
  if (::SSL_CTX_use_certificate_chain_file(context.get(), files.cert_path.c_str()) != 1) {
    return refused("The TLS certificate", files.cert_path,
                   "gateway.tls.certPath must name a PEM file.");
  }
  if (::SSL_CTX_use_PrivateKey_file(context.get(), files.key_path.c_str(), SSL_FILETYPE_PEM) != 1 ||
      ::SSL_CTX_check_private_key(context.get()) != 1) {
    return refused("The TLS key", files.key_path,
                   "gateway.tls.keyPath must name the PEM file of the key that belongs to the "
                   "certificate, without a pass phrase.");
  }
  return ok();
}

void harden_tls(ssl_ctx_st* context) {
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}

}  // namespace spine::net
