// TLS: the certificate and key the server shows, checked before they are used.
#pragma once

#include "adapters/websocket/protocol/options.h"
#include "schemas/vocab/result.h"

struct ssl_ctx_st;

namespace spine::net {

// Whether OpenSSL takes both files and the key belongs to the certificate.
// Errors: invalid_argument, naming the file and what OpenSSL says.
Status check_tls(const TlsFiles& files);

// What every context of ours is set to: TLS 1.2 and later, no renegotiation.
void harden_tls(ssl_ctx_st* context);

}  // namespace spine::net
