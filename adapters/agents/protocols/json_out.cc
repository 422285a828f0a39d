// Escaping and punctuation behind JsonOut.
#include "adapters/agents/protocols/json_out.h"

#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

void append_control(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (c == '\n') {
    out += "\\n";
  } else if (c == '"' || c == '\\') {
    out += '\\';
    out += static_cast<char>(c);
  } else {
    out += "\\u00";
    out += kHex[c >> 4];
    out += kHex[c & 15];
  }
}

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    while (at < text.size() && is_plain(static_cast<unsigned char>(text[at])))
      ++at;
    out.append(text, start, at - start);
    if (at == text.size()) return;
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      append_control(out, c);
      ++at;
      continue;
    }
    const std::size_t bytes = decode_utf8(text, at).bytes;
    out += bytes == 0 ? std::string_view{"\xEF\xBF\xBD"} : text.substr(at, bytes);
    at += bytes == 0 ? 1 : bytes;
  }
}

void JsonOut::name(std::string_view key) {
  if (comma_) out_ += ',';
  comma_ = true;
  if (key.empty()) return;
  out_ += '"';
  out_ += key;
  out_ += "\":";
}

JsonOut& JsonOut::text(std::string_view key, std::string_view value) {
  name(key);
  out_ += '"';
  append_json_escaped(out_, value);
  out_ += '"';
  return *this;
}

JsonOut& JsonOut::number(std::string_view key, std::uint64_t value) {
  name(key);
  out_ += std::to_string(value);
  return *this;
}

JsonOut& JsonOut::flag(std::string_view key, bool value) {
  name(key);
  out_ += value ? "true" : "false";
  return *this;
}

JsonOut& JsonOut::raw(std::string_view key, std::string_view json) {
  name(key);
  out_ += json;
  return *this;
}

JsonOut& JsonOut::open(std::string_view key, char bracket) {
  name(key);
  out_ += bracket;
  comma_ = false;
  return *this;
}

JsonOut& JsonOut::close(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

const std::string& JsonOut::line() {
  out_ += '}';
  return out_;
}

}  // namespace spine::agents
