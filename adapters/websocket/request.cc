// Reading of the request envelope: type, id, method, params.
#include "adapters/websocket/request.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::size_t kKeptBytesMax = 256 * limits::kKiB;
constexpr std::size_t kIdBytesMax = 256;

std::size_t separators(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text)
    count += static_cast<std::size_t>((c == ',') | (c == ':') | (c == '['));
  return count;
}

void refuse(Request& request, std::string problem) {
  request.fault = FrameFault::not_request;
  if (request.problem.empty()) request.problem = std::move(problem);
}

}  // namespace

void PaddedText::assign(std::string_view text) {
  const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
  if (needed > capacity_ || (capacity_ > kKeptBytesMax && needed <= kKeptBytesMax)) {
    capacity_ = std::max(needed, std::size_t{4096});
    bytes_.reset(new char[capacity_]);
  }
  if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
  std::memset(bytes_.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  size_ = text.size();
}

void RequestReader::read(const PaddedText& padded, Request& request) {
  request = Request{};
  const std::string_view text = padded.text();
  if (separators(text) > limits::kJsonSeparatorsMax) {
    request.problem = "too many values";
    return;
  }
  if (parser_.capacity() > kKeptBytesMax && text.size() <= kKeptBytesMax) {
    parser_ = simdjson::dom::parser{};
  }
  if (parser_.capacity() < text.size() &&
      parser_.allocate(std::max(text.size(), std::size_t{4096}), limits::kJsonDepthMax) !=
          simdjson::SUCCESS) {
    request.problem = "too large";
    return;
  }
  simdjson::dom::element root;
  if (parser_.parse(text.data(), text.size(), false).get(root) != simdjson::SUCCESS) return;
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    refuse(request, "at root: must be object");
    return;
  }
  request.fault = FrameFault::none;
  read_object(object, request);
}

void RequestReader::read_object(simdjson::dom::object object, Request& request) {
  std::string_view type;
  std::string problem;
  std::string unexpected;
  for (const simdjson::dom::key_value_pair member : object) {
    bool fine = true;
    if (member.key == "type") {
      fine = member.value.get(type) == simdjson::SUCCESS;
    } else if (member.key == "id") {
      fine = member.value.get(request.id) == simdjson::SUCCESS;
    } else if (member.key == "method") {
      fine = member.value.get(request.method) == simdjson::SUCCESS;
    } else if (member.key == "params") {
      request.params = member.value;
      request.has_params = true;
    } else if (member.key == "traceparent" || member.key == "expectedProfileId") {
      fine = member.value.is_string();
    } else if (unexpected.empty()) {
      unexpected = "at root: unexpected property '";
      unexpected.append(member.key.substr(0, 64)).append("'");
    }
    if (!fine && problem.empty()) problem.append("at /").append(member.key) += ": must be string";
  }
  if (request.id.size() > kIdBytesMax) {
    problem = "at /id: must NOT have more than 256 bytes";
    request.id = {};
  }
  if (!problem.empty()) return refuse(request, std::move(problem));
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"type", type},
                                    {"id", request.id},
                                    {"method", request.method}}) {
    if (!value.empty()) continue;
    problem = "must have required property '";
    problem.append(name).append("'");
    return refuse(request, std::move(problem));
  }
  if (type != "req") return refuse(request, "at /type: must be equal to constant");
  if (!unexpected.empty()) return refuse(request, std::move(unexpected));
}

}  // namespace spine::net
