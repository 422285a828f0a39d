// Transfer: one HTTP call of libcurl's: its options, what it sends and what it receives.
#pragma once

#include <curl/curl.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/outbound/http_call.h"
#include "adapters/outbound/outbound.h"
#include "schemas/vocab/result.h"

namespace spine::http {

// Bytes that several calls keep in memory together, up to a bound. Thread: that of its calls.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes_max) : left_(bytes_max) {}
  // Whether there was room.
  bool take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  void give_back(std::size_t bytes) { left_ += bytes; }

 private:
  std::size_t left_;
};

// What is the same for all transfers of a client; outlives them.
struct TransferRules {
  OutboundPolicy policy{};
  std::string ca_file{};  // PEM; empty: the machine's own authorities
  ByteBudget budget{limits::kOutboundBufferedBytesMax};
};

// Used again and again: begin(), then the handle goes through a multi handle, then end(). Requests
// are HTTP/1.1, so that libcurl's count of the bytes it sent is exact, and none is sent a second
// time by libcurl itself once a byte of it has left. Thread: the multi handle's.
class Transfer {
 public:
  explicit Transfer(TransferRules& rules);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() { return easy_.get(); }
  // The connection stands and the request is being sent, or was.
  bool begun() const { return begun_; }

  // `url` are the parts of the request's URL; total_ms is what remains of its time. Errors: those
  // of OutboundGuard::attach(); invalid_argument or io when a file of its parts cannot be read.
  // Then refused() comes next, not end().
  Status begin(HttpRequest request, OutboundUrl url, std::uint32_t total_ms);

  // How a transfer ended: by itself or, while it ran, by the client.
  enum class End : std::uint8_t { itself, cancelled, idle };
  // The response; the handle is no longer in a multi handle. Bytes of its body are still taken from
  // the budget: the caller gives them back.
  HttpResponse end(CURLcode code, End how);
  // The response when begin() failed.
  HttpResponse refused(const Error& error);

 private:
  struct Source;  // of the bytes of a part
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  struct FreeMime {
    void operator()(curl_mime* mime) const { curl_mime_free(mime); }
  };

  void set_limits(std::uint32_t total_ms);
  void set_tls();
  void set_callbacks();
  void set_fields();
  void set_method();
  Status set_parts();
  Status add_part(HttpPart& part);
  void add_field(const std::string& line);
  void forget();

  HttpResponse respond(HttpOutcome outcome, bool left);
  bool may_have_left(CURLcode code) const;
  std::string explain(CURLcode code, End how, bool left) const;
  std::string explain_connection(CURLcode code) const;
  std::string explain_time(bool connected) const;
  bool is_success() const { return status_ >= 200 && status_ < 300; }
  bool keep(std::string_view bytes);
  bool write_to_file(std::string_view bytes);
  bool fail(std::string why);

  static std::size_t on_head(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int before_request(void* self, char*, char*, int, int);

  TransferRules& rules_;
  OutboundGuard guard_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> list_{};
  std::unique_ptr<curl_mime, FreeMime> mime_{};

  // Of one call.
  HttpRequest request_{};
  OutboundUrl url_{};
  std::uint32_t total_ms_{};
  bool begun_{};
  long sent_before_{};  // bytes, when a request was last begun: there are more after redirects
  bool status_seen_{};  // since then
  bool head_whole_{};   // of the last answer: the empty line after its fields came
  bool too_large_{};
  std::string failure_{};  // why a callback ended the transfer
  int status_{};
  std::size_t head_bytes_{};
  std::size_t body_bytes_{};
  std::vector<HttpField> headers_{};
  std::string body_{};
};

}  // namespace spine::http
