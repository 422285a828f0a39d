// Reading of the request envelope: type, id, method, params.
#include "adapters/websocket/protocol/request.h"

#include <utility>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::size_t kIdBytesMax = 256;

void refuse(Request& request, std::string problem) {
  request.fault = FrameFault::not_request;
  if (request.problem.empty()) request.problem = std::move(problem);
}

}  // namespace

void RequestReader::read(const PaddedText& padded, Request& request) {
  request = Request{};
  simdjson::dom::element root;
  switch (parser_.parse(padded, root)) {
    case JsonParser::Fault::too_many_values:
      request.problem = "too many values";
      return;
    case JsonParser::Fault::too_large:
      request.problem = "too large";
      return;
    case JsonParser::Fault::not_json:
      return;
    case JsonParser::Fault::none:
      break;
  }
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
