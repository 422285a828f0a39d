// gateway.controlUi and gateway.publicOrigin: which pages may talk to the gateway from a browser.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <system_error>

#include "engine/config/ip_range.h"
#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_scheme(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(text, [](char c) {
           return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) return parse_ip(text).has_value();
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_port(std::string_view text) {
  std::uint16_t port{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() && port != 0;
}

// "scheme://host[:port]" in lower case, and nothing else.
bool is_origin(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos || !is_scheme(text.substr(0, mark))) return false;
  const std::string_view rest = text.substr(mark + 3);
  const std::size_t host_end = rest.starts_with('[') ? rest.find(']') : 0;
  if (host_end == std::string_view::npos) return false;
  const std::size_t colon = rest.find(':', host_end);
  return is_host(rest.substr(0, colon)) &&
         (colon == std::string_view::npos || is_port(rest.substr(colon + 1)));
}

// What a browser leaves out of an Origin header.
std::string without_usual_port(std::string origin) {
  if (origin.starts_with("http://") && origin.ends_with(":80")) origin.resize(origin.size() - 3);
  if (origin.starts_with("https://") && origin.ends_with(":443")) origin.resize(origin.size() - 4);
  return origin;
}

void check_origins(const Reading& reading, std::vector<std::string>& origins) {
  const NodeId id = reading.at("gateway.controlUi.allowedOrigins");
  for (std::string& origin : origins) {
    const std::string shown = printable(origin.substr(0, 60));
    origin = without_usual_port(lower_case(origin));
    if (origin.find('*') != std::string::npos) {
      reading.error(id,
                    "gateway.controlUi.allowedOrigins has \"{}\", which would let pages of others "
                    "talk to the gateway in the name of who looks at them; name each origin, such "
                    "as \"https://gateway.example.org\".",
                    shown);
    } else if (!is_origin(origin)) {
      reading.error(id,
                    "gateway.controlUi.allowedOrigins has \"{}\"; it must be scheme://host or "
                    "scheme://host:port and nothing more, such as \"https://gateway.example.org\".",
                    shown);
    }
  }
  if (origins.size() > limits::kConfigOriginsMax) {
    reading.error(id, "more than {} allowed origins.", limits::kConfigOriginsMax);
  }
}

void check_base_path(const Reading& reading, std::string& base_path) {
  while (base_path.ends_with('/'))
    base_path.pop_back();
  if (base_path.empty()) return;
  const bool plain = std::ranges::all_of(base_path, [](char c) {
    return is_letter_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '/' || c == '-' || c == '_' ||
           c == '.' || c == '~';
  });
  if (!plain || base_path.front() != '/' || base_path.find("//") != std::string::npos ||
      base_path.find("/.") != std::string::npos || base_path.size() > limits::kNameBytesMax) {
    reading.error(reading.at("gateway.controlUi.basePath"),
                  "gateway.controlUi.basePath must be a path such as \"/spine\": letters, digits, "
                  "- _ ~ and dots, each part behind one slash and not beginning with a dot.");
  }
}

}  // namespace

void check_control_ui(Reading& reading) {
  ControlUiConfig& ui = reading.config.control_ui;
  check_base_path(reading, ui.base_path);
  std::error_code code;
  if (!ui.root.empty() && !std::filesystem::is_directory(ui.root, code)) {
    reading.error(reading.at("gateway.controlUi.root"),
                  "gateway.controlUi.root: {} is not a directory.", printable(ui.root.string()));
  }
  check_origins(reading, ui.allowed_origins);
  std::string& origin = reading.config.public_origin;
  if (origin.empty()) return;
  origin = lower_case(origin);
  if (origin.ends_with('/')) origin.pop_back();
  const bool web = origin.starts_with("http://") || origin.starts_with("https://");
  if (!web || !is_origin(origin)) {
    reading.error(reading.at("gateway.publicOrigin"),
                  "gateway.publicOrigin must be https://host or https://host:port (or http://) and "
                  "nothing more.");
  }
  origin = without_usual_port(origin);
}

}  // namespace spine::config
