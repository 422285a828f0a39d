// Which options of libcurl a call needs, and how the way it ended is told.
#include "adapters/outbound/transfer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/show.h"

namespace spine::http {
namespace {

constexpr std::size_t kFieldsKeptMax = 32;
constexpr std::size_t kFieldBytesMax = 512;
constexpr int kVersionsOfTls = CURL_SSLVERSION_TLSv1_2;
// A connection behind a translator of addresses is forgotten there when it is quiet for long.
constexpr long kKeepAliveSeconds = 30;

constexpr std::array<std::string_view, 3> kFieldsKept{"retry-after", "content-type",
                                                      "content-length"};

bool is_kept(std::string_view name) {
  return std::ranges::find(kFieldsKept, name) != kFieldsKept.end() ||
         name.starts_with("x-ratelimit-");
}

const char* name_of(HttpMethod method) {
  switch (method) {
    case HttpMethod::get:
      return "GET";
    case HttpMethod::head:
      return "HEAD";
    case HttpMethod::post:
      return "POST";
    case HttpMethod::put:
      return "PUT";
    case HttpMethod::patch:
      return "PATCH";
    case HttpMethod::del:
      return "DELETE";
  }
  return "GET";
}

// Sets an option that this libcurl is known to take; only memory can be missing.
template <class T>
void set(CURL* easy, CURLoption option, T value) {
  SPINE_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

}  // namespace

// Lives as long as the part: libcurl frees it.
struct Transfer::Source {
  std::string_view data{};  // borrowed from the request
  UniqueFd file{};          // when it is one, instead
  std::size_t bytes{};
  std::size_t at{};

  static std::size_t read(char* out, std::size_t size, std::size_t count, void* self) {
    auto& source = *static_cast<Source*>(self);
    const std::size_t n = std::min(size * count, source.bytes - source.at);
    if (n == 0) return 0;
    if (!source.file) {
      std::memcpy(out, source.data.data() + source.at, n);
      source.at += n;
      return n;
    }
    const ssize_t got = ::pread(source.file.get(), out, n, static_cast<off_t>(source.at));
    if (got <= 0) return CURL_READFUNC_ABORT;  // it became shorter than it was
    source.at += static_cast<std::size_t>(got);
    return static_cast<std::size_t>(got);
  }
  static int seek(void* self, curl_off_t offset, int origin) {
    auto& source = *static_cast<Source*>(self);
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
    source.at = std::min(static_cast<std::size_t>(offset), source.bytes);
    return CURL_SEEKFUNC_OK;
  }
  static void free(void* self) { delete static_cast<Source*>(self); }
};

Transfer::Transfer(TransferRules& rules)
    : rules_(rules), guard_(rules.policy), easy_(curl_easy_init()) {
  SPINE_CHECK(easy_ != nullptr);
}

Status Transfer::begin(HttpRequest request, OutboundUrl url, std::uint32_t total_ms) {
  request_ = std::move(request);
  url_ = std::move(url);
  total_ms_ = total_ms;
  curl_easy_reset(easy());
  set_limits(total_ms);
  set_tls();
  set_callbacks();
  set_method();
  if (!request_.parts.empty()) SPINE_TRY_STATUS(set_parts());
  set_fields();
  SPINE_TRY_STATUS(guard_.attach(easy(), request_.url));
  const bool follows = request_.follow_redirects && rules_.policy.redirects_max > 0 &&
                       (request_.method == HttpMethod::get || request_.method == HttpMethod::head);
  set(easy(), CURLOPT_FOLLOWLOCATION, follows ? 1L : 0L);
  return ok();
}

void Transfer::set_limits(std::uint32_t total_ms) {
  // A name server that is silent would otherwise hold up the thread when a call is ended: libcurl
  // waits for the thread that asks it. With this option that one is let go and cleans up itself.
  set(easy(), CURLOPT_QUICK_EXIT, 1L);
  set(easy(), CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max(request_.connect_ms, 1U)));
  set(easy(), CURLOPT_TIMEOUT_MS, static_cast<long>(total_ms));
  set(easy(), CURLOPT_BUFFERSIZE, static_cast<long>(limits::kOutboundTransferBytes));
  set(easy(), CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>(limits::kOutboundTransferBytes));
  set(easy(), CURLOPT_MAXAGE_CONN, static_cast<long>(limits::kOutboundIdleSeconds));
  set(easy(), CURLOPT_FRESH_CONNECT, request_.own_connection ? 1L : 0L);
  set(easy(), CURLOPT_FORBID_REUSE, request_.own_connection ? 1L : 0L);
  set(easy(), CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy(), CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  set(easy(), CURLOPT_TCP_KEEPINTVL, kKeepAliveSeconds);
}

void Transfer::set_tls() {
  set(easy(), CURLOPT_SSLVERSION, static_cast<long>(kVersionsOfTls));
  if (!rules_.ca_file.empty()) set(easy(), CURLOPT_CAINFO, rules_.ca_file.c_str());
}

void Transfer::set_callbacks() {
  set(easy(), CURLOPT_HEADERFUNCTION, &Transfer::on_head);
  set(easy(), CURLOPT_HEADERDATA, this);
  set(easy(), CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(easy(), CURLOPT_WRITEDATA, this);
  set(easy(), CURLOPT_PREREQFUNCTION, &Transfer::before_request);
  set(easy(), CURLOPT_PREREQDATA, this);
}

void Transfer::set_method() {
  if (request_.method == HttpMethod::get) return;
  if (request_.method == HttpMethod::head) {
    set(easy(), CURLOPT_NOBODY, 1L);
    return;
  }
  const bool bare = request_.method == HttpMethod::del && request_.body.empty();
  if (request_.parts.empty() && !bare) {
    set(easy(), CURLOPT_POST, 1L);
    set(easy(), CURLOPT_POSTFIELDS, request_.body.c_str());
    set(easy(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  if (request_.method != HttpMethod::post) {
    set(easy(), CURLOPT_CUSTOMREQUEST, name_of(request_.method));
  }
}

Status Transfer::set_parts() {
  mime_.reset(curl_mime_init(easy()));
  SPINE_CHECK(mime_ != nullptr);
  for (HttpPart& part : request_.parts)
    SPINE_TRY_STATUS(add_part(part));
  set(easy(), CURLOPT_MIMEPOST, mime_.get());
  return ok();
}

Status Transfer::add_part(HttpPart& part) {
  auto source = std::make_unique<Source>();
  source->data = part.data;
  source->bytes = part.data.size();
  if (!part.path.empty()) {
    source->file = UniqueFd(::open(part.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts {};
    if (!source->file || ::fstat(source->file.get(), &facts) != 0) {
      return Error{Errc::io, fmt::format("The file to send to {} cannot be read: {}.", url_.host,
                                         std::strerror(errno))};
    }
    if (!S_ISREG(facts.st_mode)) {
      return Error{Errc::invalid_argument,
                   fmt::format("What is to be sent to {} is no regular file.", url_.host)};
    }
    source->bytes = static_cast<std::size_t>(facts.st_size);
  }
  curl_mimepart* made = curl_mime_addpart(mime_.get());
  SPINE_CHECK(made != nullptr);
  curl_mime_name(made, part.name.c_str());
  if (!part.file_name.empty()) curl_mime_filename(made, part.file_name.c_str());
  if (!part.content_type.empty()) curl_mime_type(made, part.content_type.c_str());
  const auto bytes = static_cast<curl_off_t>(source->bytes);
  SPINE_CHECK(curl_mime_data_cb(made, bytes, &Source::read, &Source::seek, &Source::free,
                                source.release()) == CURLE_OK);
  return ok();
}

void Transfer::add_field(const std::string& line) {
  curl_slist* longer = curl_slist_append(list_.get(), line.c_str());
  SPINE_CHECK(longer != nullptr);
  if (!list_) list_.reset(longer);
}

void Transfer::set_fields() {
  add_field("Expect:");  // else libcurl waits a second for a "100 Continue" before a long body
  bool agent = false;
  for (const HttpField& field : request_.headers) {
    agent = agent || same_but_case(field.name, "user-agent");
    add_field(field.value.empty() ? field.name + ";" : field.name + ": " + field.value);
  }
  if (!request_.body.empty()) add_field("Content-Type: " + request_.content_type);
  if (!agent) set(easy(), CURLOPT_USERAGENT, "Spine/" SPINE_VERSION);
  set(easy(), CURLOPT_HTTPHEADER, list_.get());
}

// Called each time a request is about to be sent on a connection. libcurl sends one again by itself
// when a connection that was used before turns out to be closed: only if nothing has left may it.
int Transfer::before_request(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  long sent = 0;
  curl_easy_getinfo(transfer.easy(), CURLINFO_REQUEST_SIZE, &sent);
  if (sent > transfer.sent_before_ && !transfer.status_seen_) {
    transfer.failure_ = "closed the connection without an answer";
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.sent_before_ = sent;
  transfer.status_seen_ = false;
  transfer.begun_ = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::on_head(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view raw{data, size * count};
  const std::string_view line = trimmed(raw);
  transfer.head_bytes_ += size * count;
  if (transfer.head_bytes_ > limits::kOutboundHeadBytesMax) {
    transfer.too_large_ = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {  // also after a "100 Continue" or a redirect
    std::string_view rest = line;
    take_part(rest, ' ');
    transfer.status_ = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), transfer.status_);
    transfer.status_seen_ = true;
    transfer.head_whole_ = false;
    transfer.headers_.clear();
    return size * count;
  }
  if (raw == "\r\n" || raw == "\n") transfer.head_whole_ = true;
  std::string_view value = line;
  const std::string name = lower_case(take_part(value, ':'));
  if (is_kept(name) && transfer.headers_.size() < kFieldsKeptMax) {
    transfer.headers_.push_back({name, std::string(trimmed(value).substr(0, kFieldBytesMax))});
  }
  return size * count;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->keep({data, size * count}) ? size * count
                                                                  : CURL_WRITEFUNC_ERROR;
}

bool Transfer::keep(std::string_view bytes) {
  const bool to_file = request_.file && is_success();
  const std::size_t most =
      request_.file && !to_file ? limits::kOutboundErrorBodyBytesMax : request_.body_max;
  if (bytes.size() > most - std::min(most, body_bytes_)) {
    too_large_ = true;
    return false;
  }
  body_bytes_ += bytes.size();
  if (is_success() && request_.on_chunk) request_.on_chunk(as_bytes(bytes));
  if (to_file) return write_to_file(bytes);
  if (!rules_.budget.take(bytes.size())) {
    return fail(
        fmt::format("sent more than there is room for: the bodies of all calls together may "
                    "have {}",
                    show_bytes(limits::kOutboundBufferedBytesMax)));
  }
  body_.append(bytes);
  return true;
}

bool Transfer::write_to_file(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(request_.file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      return fail(fmt::format("sent what cannot be written to its file ({})",
                              std::strerror(put < 0 ? errno : EIO)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool Transfer::fail(std::string why) {
  failure_ = std::move(why);
  return false;
}

// Bytes count as sent when the system or the TLS library took them. The latter may hold a record
// back that the system had no room for, and send it as the connection is closed.
bool Transfer::may_have_left(CURLcode code) const {
  long sent = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &sent);
  return sent > 0 || (begun_ && url_.scheme == "https" && code != CURLE_SEND_ERROR);
}

HttpResponse Transfer::end(CURLcode code, End how) {
  const bool left = may_have_left(code);
  HttpOutcome outcome = left ? HttpOutcome::unknown : HttpOutcome::not_sent;
  if (how == End::cancelled) {
    outcome = HttpOutcome::cancelled;
  } else if (too_large_) {
    outcome = HttpOutcome::too_large;
  } else if (how == End::itself && code == CURLE_OK && head_whole_) {
    outcome = HttpOutcome::answered;
  }
  std::string error = outcome == HttpOutcome::answered ? std::string{} : explain(code, how, left);
  HttpResponse response = respond(outcome, left);
  response.error = std::move(error);
  return response;
}

HttpResponse Transfer::refused(const Error& error) {
  HttpResponse response = respond(HttpOutcome::not_sent, false);
  response.error = error.message;
  return response;
}

HttpResponse Transfer::respond(HttpOutcome outcome, bool left) {
  HttpResponse response{.outcome = outcome,
                        .left = left,
                        .status = status_,
                        .headers = std::move(headers_),
                        .body = std::move(body_),
                        .file = std::move(request_.file),
                        .bytes = body_bytes_};
  forget();
  return response;
}

// Drops what the call held, first from the handle.
void Transfer::forget() {
  curl_easy_reset(easy());
  mime_.reset();
  list_.reset();
  request_ = {};
  url_ = {};
  begun_ = status_seen_ = head_whole_ = too_large_ = false;
  sent_before_ = 0;
  failure_.clear();
  status_ = 0;
  head_bytes_ = body_bytes_ = 0;
  headers_.clear();
  body_.clear();
}

// Only texts of ours and the constant ones of libraries: libcurl's own messages may show the URL.
std::string Transfer::explain(CURLcode code, End how, bool left) const {
  const std::string host = fmt::format("{}:{}", url_.host, url_.port);
  std::string out;
  if (how == End::cancelled) {
    out = fmt::format("The call to {} was cancelled.", host);
  } else if (too_large_) {
    out = fmt::format(
        "The answer of {} is larger than allowed ({}); raise the limit if such "
        "answers are right.",
        host, show_bytes(request_.body_max));
  } else if (how == End::idle) {
    out = fmt::format("{} sent no byte for {}.", host, show_duration_ms(request_.idle_ms));
  } else if (!failure_.empty()) {
    out = fmt::format("{} {}.", host, failure_);
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    out = explain_time(begun_);
  } else if (!begun_ || code == CURLE_COULDNT_CONNECT) {
    out = explain_connection(code);
  } else if (code == CURLE_OK) {  // libcurl takes fields that end with the connection
    out = fmt::format("{} closed the connection within the fields of its answer.", host);
  } else {
    out = fmt::format("The exchange with {} broke off: {}.", host, curl_easy_strerror(code));
  }
  if (too_large_) return out;
  return out + (left ? " Whether it acted on the request is not known." : " Nothing was sent.");
}

std::string Transfer::explain_time(bool connected) const {
  if (connected) {
    return fmt::format("{}:{} gave no whole answer in {}.", url_.host, url_.port,
                       show_duration_ms(total_ms_));
  }
  return fmt::format(
      "{}:{} could not be connected to in {}: check that this machine reaches it and "
      "its name server.",
      url_.host, url_.port, show_duration_ms(std::min(request_.connect_ms, total_ms_)));
}

std::string Transfer::explain_connection(CURLcode code) const {
  if (!guard_.refusal().empty()) return guard_.refusal();
  const std::string host = fmt::format("{}:{}", url_.host, url_.port);
  if (code == CURLE_COULDNT_RESOLVE_HOST) {
    return fmt::format(
        "The name {} is not known to the name server: check the name and the "
        "network.",
        url_.host);
  }
  if (code == CURLE_COULDNT_CONNECT) {
    long error = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
    return fmt::format(
        "{} could not be connected to ({}): check that it runs and that a firewall "
        "lets this machine reach it.",
        host, std::strerror(static_cast<int>(error)));
  }
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    long error = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &error);
    return fmt::format(
        "The certificate of {} is not accepted ({}): check this machine's clock and "
        "authorities, or name the authority's file.",
        host,
        error <= X509_V_ERR_UNSPECIFIED ? "it is for another name"
                                        : X509_verify_cert_error_string(error));
  }
  return fmt::format("No connection to {}: {}.", host, curl_easy_strerror(code));
}

}  // namespace spine::http
