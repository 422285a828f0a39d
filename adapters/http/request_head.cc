// Line by line, strictest reading first.
#include "adapters/http/request_head.h"

#include <algorithm>
#include <charconv>

#include "adapters/http/guard.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::http {
namespace {

constexpr std::size_t kMethodBytesMax = 32;
constexpr std::size_t kContentLengthDigitsMax = 18;  // fits 64 bits
constexpr std::size_t kKeyBytes = 24;                // base64 of 16 bytes

struct Known {
  std::string_view name{};
  Field field{};
  bool once{};  // a second line is refused: which one would count?
};
constexpr std::array<Known, 21> kKnown{{
    {"accept-encoding", Field::accept_encoding, false},
    {"authorization", Field::authorization, true},
    {"connection", Field::connection, false},
    {"content-length", Field::content_length, true},
    {"content-type", Field::content_type, true},
    {"expect", Field::expect, true},
    {"forwarded", Field::forwarded, false},
    {"host", Field::host, true},
    {"x-hub-signature-256", Field::hub_signature, true},
    {"if-none-match", Field::if_none_match, false},
    {"origin", Field::origin, true},
    {"x-telegram-bot-api-secret-token", Field::telegram_secret, true},
    {"transfer-encoding", Field::transfer_encoding, false},
    {"upgrade", Field::upgrade, false},
    {"via", Field::via, false},
    {"sec-websocket-key", Field::websocket_key, true},
    {"sec-websocket-version", Field::websocket_version, true},
    {"x-forwarded-for", Field::x_forwarded_for, false},
    {"x-forwarded-host", Field::x_forwarded_host, false},
    {"x-forwarded-proto", Field::x_forwarded_proto, false},
    {"x-real-ip", Field::x_real_ip, false},
}};
static_assert(kKnown.size() == static_cast<std::size_t>(Field::count));

// Known methods. CONNECT and TRACE are answered like unknown ones.
constexpr std::array<std::string_view, 7> kMethods{"GET",    "HEAD",  "POST",   "PUT",
                                                   "DELETE", "PATCH", "OPTIONS"};

constexpr std::string_view kSpaces = " \t";
constexpr std::string_view kTwice = "A header that may be given once was given twice.";
constexpr std::string_view kBadLine = "A line of the request is malformed.";
constexpr std::string_view kBadTarget = "The address is malformed.";

// RFC 9110, 5.6.2.
bool is_token_char(char c) {
  return is_letter_or_digit(c) ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

// RFC 9110, 5.5: no control characters but the tab; other readers cut a value at NUL, CR and LF.
bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
  });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Decodes percent signs once. False where one is no escape and `strict` says that it has to be.
bool decode(std::string_view text, bool strict, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool room = text[i] == '%' && i + 2 < text.size();
    const int high = room ? hex_digit(text[i + 1]) : -1;
    const int low = room ? hex_digit(text[i + 2]) : -1;
    if (text[i] != '%' || ((high < 0 || low < 0) && !strict)) {
      out += text[i];
      continue;
    }
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

// Whether a path is already normal: no control characters, no segment that is "." or "..".
bool is_plain_path(std::string_view path) {
  if (!is_value(path) || path.find('\t') != std::string_view::npos) return false;
  return !any_part(path, '/', [](std::string_view part) { return part == "." || part == ".."; });
}

bool is_key(std::string_view text) {
  if (text.size() != kKeyBytes || text.substr(kKeyBytes - 2) != "==") return false;
  return std::all_of(text.begin(), text.end() - 2,
                     [](char c) { return is_letter_or_digit(c) || c == '+' || c == '/'; });
}

bool starts_nocase(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && same_but_case(text.substr(0, start.size()), start);
}

}  // namespace

bool list_has(std::string_view list, std::string_view token) {
  return any_part(list, ',', [token](std::string_view part) {
    return same_but_case(trimmed(part, kSpaces), token);
  });
}

bool RequestHead::refuse(int status, std::string_view message, std::string_view allow) {
  std::string_view type = "invalid_request";
  if (status == 405) type = "method_not_allowed";
  if (status == 414 || status == 431) type = "too_large";
  if (status == 426) type = "upgrade_required";
  if (status == 501 || status == 505) type = "unsupported";
  refusal_ = {.status = status, .type = type, .message = message, .allow = allow};
  state_ = State::refused;
  return false;
}

RequestHead::State RequestHead::read(std::string_view text) {
  state_ = State::incomplete;
  bytes_ = 0;
  method_ = {};
  has_body_ = keep_alive_ = websocket_ = false;
  body_bytes_ = 0;
  authority_.clear();
  for (Slot& field : fields_) {
    field.value.clear();
    field.lines = 0;
  }
  if (read_lines(text)) state_ = State::complete;
  return state_;
}

bool RequestHead::read_lines(std::string_view text) {
  // RFC 9112, 2.2: one empty line in front, as old clients send after a body, is skipped.
  std::size_t at = text.starts_with("\r\n") ? 2 : 0;
  for (bool first = true;; first = false) {
    const std::string_view rest = text.substr(at);
    const std::size_t feed = rest.find('\n');
    if (feed == std::string_view::npos) return without_end(text, rest, first);
    // A bare LF ends a line for some readers and not for others.
    if (feed == 0 || rest[feed - 1] != '\r') return refuse(400, kBadLine);
    const std::string_view line = rest.substr(0, feed - 1);
    at += feed + 1;
    if (at > limits::kHttpHeadBytesMax) return without_end(text, rest, first);
    if (!first && line.empty()) {
      bytes_ = at;
      return judge_fields();
    }
    if (!(first ? read_request_line(line) : read_field(line))) return false;
  }
}

// For an incomplete line: refuses it when nothing that may follow can make it valid.
bool RequestHead::without_end(std::string_view text, std::string_view rest, bool in_first_line) {
  const std::size_t space = rest.find(' ');
  if (in_first_line && !rest.empty() && rest != "\r") {
    const std::string_view method = rest.substr(0, space);
    const bool whole = space != std::string_view::npos || method.size() > kMethodBytesMax;
    if (!is_token(method)) return refuse(400, kBadLine);
    if (whole && !read_method(method.substr(0, kMethodBytesMax + 1))) return false;
  }
  if (text.size() < limits::kHttpHeadBytesMax) return false;
  if (in_first_line) return refuse(414, "The address is longer than this gateway takes.");
  return refuse(431, "The head of the request is larger than this gateway takes.");
}

bool RequestHead::read_method(std::string_view method) {
  const auto* known = std::find(kMethods.begin(), kMethods.end(), method);
  method_ = known == kMethods.end() ? method : *known;
  if (known != kMethods.end()) return true;
  return refuse(501, "This gateway does not know the method.");
}

bool RequestHead::read_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
    return refuse(400, kBadLine);
  }
  const std::string_view version = line.substr(last + 1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !digit(version[5]) ||
      version[6] != '.' || !digit(version[7])) {
    return refuse(400, kBadLine);
  }
  minor_zero_ = version == "HTTP/1.0";
  if (!minor_zero_ && version != "HTTP/1.1") return refuse(505, "This gateway speaks HTTP/1.1.");
  return read_method(line.substr(0, first)) &&
         read_target(line.substr(first + 1, last - first - 1));
}

// RFC 9112, 3.2.2: a server takes absolute addresses, too; their authority is then the Host.
bool RequestHead::read_absolute(std::string_view& target) {
  const std::size_t start = starts_nocase(target, "https://") ? 8 : 7;
  if (!starts_nocase(target, "http://") && start != 8) return false;
  const std::size_t end = std::min(target.find_first_of("/?", start), target.size());
  authority_ = target.substr(start, end - start);
  if (authority_.empty()) return false;
  target.remove_prefix(end);
  return true;
}

bool RequestHead::read_target(std::string_view target) {
  const bool visible = std::all_of(target.begin(), target.end(),
                                   [](char c) { return c > ' ' && c < 0x7F && c != '#'; });
  const bool origin_form = target.starts_with('/');
  const bool asterisk = target == "*" && method_ == "OPTIONS";
  if (!visible || (!origin_form && !asterisk && !read_absolute(target))) {
    return refuse(400, kBadTarget);
  }
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  decode(mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1), false,
         query_);
  if (!decode(path.empty() ? "/" : path, true, path_) || !is_plain_path(path_)) {
    return refuse(400, kBadTarget);
  }
  return true;
}

bool RequestHead::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  // A line that starts with a blank would continue the one before (obs-fold); a blank before the
  // colon hides the name from some readers. In both cases the name is no token.
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
      !is_value(line.substr(colon + 1))) {
    return refuse(400, kBadLine);
  }
  const std::string_view name = line.substr(0, colon);
  for (const Known& known : kKnown) {
    if (!same_but_case(known.name, name)) continue;
    Slot& field = slot(known.field);
    if (known.once && field.lines != 0) return refuse(400, kTwice);
    if (field.lines++ != 0) field.value += ", ";
    field.value += trimmed(line.substr(colon + 1), kSpaces);
    break;
  }
  return true;
}

bool RequestHead::judge_fields() {
  if (!minor_zero_ && !has(Field::host)) return refuse(400, "A request has to say its Host.");
  if (!authority_.empty()) {
    Slot& host = slot(Field::host);
    if (host.lines != 0 && !same_but_case(host.value, authority_)) {
      return refuse(400, "The Host header and the address name two hosts.");
    }
    host.value = authority_;
    host.lines = 1;
  }
  if (!judge_body() || !judge_upgrade()) return false;
  const bool reading = method_ == "GET" || method_ == "HEAD";
  keep_alive_ =
      !minor_zero_ && !has_body_ && reading && !list_has(field(Field::connection), "close");
  return true;
}

// RFC 9112, 6.3, without the leniency it allows: one number, or chunks, or nothing.
bool RequestHead::judge_body() {
  if (has(Field::transfer_encoding)) {
    if (minor_zero_ || has(Field::content_length)) {
      return refuse(400, "Transfer-Encoding does not go with this request.");
    }
    if (!same_but_case(field(Field::transfer_encoding), "chunked")) {
      return refuse(501, "This gateway knows the transfer coding \"chunked\" only.");
    }
    has_body_ = true;
    return true;
  }
  if (!has(Field::content_length)) return true;
  const std::string& text = field(Field::content_length);
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || text.size() > kContentLengthDigitsMax || !digits) {
    return refuse(400, "Content-Length has to be one number.");
  }
  std::from_chars(text.data(), text.data() + text.size(), body_bytes_);
  has_body_ = body_bytes_ != 0;
  return true;
}

bool RequestHead::judge_upgrade() {
  const bool handshake = has(Field::websocket_key) || has(Field::websocket_version);
  if (!has(Field::upgrade) && !handshake) return true;
  if (method_ != "GET") {
    refuse(405, "A WebSocket handshake is a GET.", "GET");
  } else if (!list_has(field(Field::upgrade), "websocket")) {
    refuse(400, "This gateway upgrades to WebSocket only.");
  } else if (minor_zero_) {
    refuse(400, "A WebSocket handshake needs HTTP/1.1.");
  } else if (!list_has(field(Field::connection), "upgrade")) {
    refuse(400, "A WebSocket handshake needs the header Connection: Upgrade.");
  } else if (has_body_) {
    refuse(400, "A WebSocket handshake has no content.");
  } else if (field(Field::websocket_version) != "13") {
    refuse(426, "This gateway speaks version 13 of the WebSocket protocol.");
  } else if (!is_key(field(Field::websocket_key))) {
    refuse(400, "Sec-WebSocket-Key has to be 16 bytes in base64.");
  } else {
    websocket_ = true;
  }
  return websocket_;
}

}  // namespace spine::http
