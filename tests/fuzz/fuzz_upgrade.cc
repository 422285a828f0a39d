// Arbitrary bytes as the head of a request, and what follows a handshake as frames: a head that is
// taken can be read in one way only, and nothing behind its end is part of it.
// links: spine_net spine_http
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/http/request_head.h"
#include "adapters/http/routes.h"
#include "adapters/websocket/net/frame_reader.h"
#include "adapters/websocket/net/http_desk.h"
#include "schemas/vocab/limits.h"

namespace {

using namespace spine;
using http::Field;
using http::RequestHead;
using State = RequestHead::State;

void expect(bool condition) {
  if (!condition) std::abort();
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The head read again, in the plainest way: its lines, by every kind of end that somebody takes
// for one.
std::vector<std::string> lines_of(std::string_view head) {
  std::vector<std::string> lines(1);
  for (const char c : head) {
    if (c == '\r' || c == '\n' || c == '\0') {
      if (!lines.back().empty()) lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

void check_lines(const RequestHead& head, std::string_view text) {
  const std::string_view taken = text.substr(0, head.bytes());
  expect(taken.size() <= limits::kHttpHeadBytesMax && taken.ends_with("\r\n\r\n"));
  expect(taken.substr(0, taken.size() - 2).find("\r\n\r\n") == std::string_view::npos);
  expect(std::ranges::count(taken, '\r') == std::ranges::count(taken, '\n'));
  std::vector<std::string> lengths;
  unsigned codings = 0, hosts = 0, keys = 0, versions = 0;
  bool first = true;
  for (const std::string& line : lines_of(taken)) {
    if (std::exchange(first, false) || line.empty()) continue;
    expect(line.front() != ' ' && line.front() != '\t');
    const std::string name = lower(std::string_view{line}.substr(0, line.find(':')));
    expect(name.find_first_of(" \t") == std::string::npos);
    if (name == "content-length") lengths.push_back(line.substr(line.find(':') + 1));
    codings += name == "transfer-encoding" ? 1 : 0;
    hosts += name == "host" ? 1 : 0;
    keys += name == "sec-websocket-key" ? 1 : 0;
    versions += name == "sec-websocket-version" ? 1 : 0;
  }
  expect(lengths.size() + codings <= 1 && hosts <= 1);
  const std::string digits = "0123456789";
  if (!lengths.empty()) {
    const std::string& value = lengths.front();
    const std::size_t from = value.find_first_of(digits);
    const std::size_t end = value.find_first_not_of(digits, from);
    expect(from != std::string::npos && std::stoull(value.substr(from)) == head.body_bytes());
    expect(value.find_first_not_of(" \t", end) == std::string::npos);
    expect(value.find_first_not_of(" \t") == from);
  }
  expect(head.has_body() == (codings != 0 || head.body_bytes() != 0));
  if (head.websocket()) expect(keys == 1 && versions == 1 && hosts == 1);
}

void check_complete(const RequestHead& head, std::string_view text) {
  check_lines(head, text);
  const bool reading = head.method() == "GET" || head.method() == "HEAD";
  if (head.keep_alive()) expect(reading && !head.has_body());
  const std::string& path = head.path();
  expect(path.starts_with('/') || (path == "*" && head.method() == "OPTIONS"));
  expect(("/" + path + "/").find("/../") == std::string::npos);
  for (const char c : path)
    expect(static_cast<unsigned char>(c) >= 0x20);
  const net::ServedRequest request = net::read_request(head);
  expect(request.websocket_key.empty() == !head.websocket());
  if (!head.websocket()) return;
  expect(head.method() == "GET" && !head.has_body());
  expect(text.substr(0, head.bytes()).find(" HTTP/1.1\r\n") != std::string_view::npos);
  expect(request.websocket_key.size() == 24);
  const std::string answer = http::switching_protocols(request.websocket_key);
  expect(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\n"));
  expect(lower(answer).find("protocol:") == std::string::npos);
}

void check_refused(const RequestHead& head) {
  static const std::set<int> kStatuses{400, 405, 414, 426, 431, 501, 505};
  const RequestHead::Refusal& refusal = head.refusal();
  expect(kStatuses.contains(refusal.status) && !refusal.message.empty());
  std::string text;
  http::render(http::failure(refusal.status, refusal.type, refusal.message), {}, text);
  expect(text.find("\r\nConnection: close") != std::string::npos);
}

// A beginning of the head never says more than the whole does.
void check_beginnings(std::string_view text, State whole, std::size_t end) {
  RequestHead head;
  const std::size_t step = 1 + std::min(end, text.size()) / 24;
  for (std::size_t bytes = 0; bytes < std::min(end, text.size()); bytes += step) {
    const State state = head.read(text.substr(0, bytes));
    expect(state != State::complete);
    if (state == State::refused) expect(whole == State::refused);
  }
  if (whole == State::complete) {
    expect(head.read(text.substr(0, end)) == State::complete && head.bytes() == end);
    expect(head.read(std::string{text.substr(0, end)} + "\r\nGET") == State::complete);
    expect(head.bytes() == end);
  }
}

std::string frames_told(std::string bytes, std::size_t step) {
  net::FrameReader reader;
  std::string all;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::span<unsigned char> rest{reinterpret_cast<unsigned char*>(bytes.data()) + at,
                                  std::min(step, bytes.size() - at)};
    net::Incoming frame{};
    while (reader.next(rest, frame)) {
      if (frame.kind == net::Incoming::Kind::piece) {
        all += frame.bytes;
        if (frame.last) all += "|";
        continue;
      }
      expect(frame.bytes.size() <= 125);
      all += "<" + std::to_string(static_cast<int>(frame.kind)) + " " + std::to_string(frame.code);
      all.append(frame.bytes).append(">");
    }
    expect(rest.empty());
  }
  return all;
}

void check_frames(std::string_view bytes) {
  const std::string whole = frames_told(std::string{bytes}, bytes.size() + 1);
  expect(whole == frames_told(std::string{bytes}, 1));
  expect(whole == frames_told(std::string{bytes}, 3));
  // Whoever does not mask is told so with the first frame, or of what is wrong before that.
  const bool unmasked = bytes.size() >= 2 && (static_cast<unsigned char>(bytes[1]) & 0x80U) == 0;
  if (unmasked) expect(whole.starts_with("<4 1002"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static RequestHead head;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const State state = head.read(text);
  std::size_t end = size;
  if (state == State::complete) {
    end = head.bytes();
    check_complete(head, text);
    if (head.websocket()) check_frames(text.substr(end));
  } else if (state == State::refused) {
    check_refused(head);
  } else {
    expect(size < limits::kHttpHeadBytesMax);
  }
  check_beginnings(text, state, end);
  check_frames(text);
  return 0;
}
