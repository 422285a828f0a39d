// Typed reading of parameters and the wording of complaints.
#include "adapters/websocket/params.h"

namespace spine::net {

Params::Params(simdjson::dom::element value, bool present, std::string& problem)
    : problem_(problem) {
  if (!present || value.is_null()) return;
  if (value.get(object_) != simdjson::SUCCESS) {
    if (problem_.empty()) problem_ = "at root: must be object";
    return;
  }
  present_ = true;
}

std::string Params::where() const {
  return path_.empty() ? "" : "at " + path_ + ": ";
}

void Params::missing(std::string_view key) {
  if (!problem_.empty()) return;
  problem_ = where() + "must have required property '";
  problem_.append(key).append("'");
}

void Params::unexpected(std::string_view key) {
  if (!problem_.empty()) return;
  problem_ = "at " + (path_.empty() ? std::string{"root"} : path_) + ": unexpected property '";
  problem_.append(key.substr(0, 64)).append("'");
}

void Params::complain(std::string_view key, std::string_view what) {
  if (!problem_.empty()) return;
  problem_ = "at " + path_ + "/";
  problem_.append(key).append(": ").append(what);
}

bool Params::find(const char* key, bool required, simdjson::dom::element& out) {
  const bool found = present_ && object_[key].get(out) == simdjson::SUCCESS && !out.is_null();
  if (!found && required) missing(key);
  return found && problem_.empty();
}

bool Params::has(const char* key) const {
  simdjson::dom::element value;
  return present_ && object_[key].get(value) == simdjson::SUCCESS && !value.is_null();
}

bool Params::is_null(const char* key) const {
  simdjson::dom::element value;
  return present_ && object_[key].get(value) == simdjson::SUCCESS && value.is_null();
}

std::string_view Params::text(const char* key, const TextRule& rule) {
  simdjson::dom::element value;
  if (!find(key, rule.required, value)) return {};
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) {
    complain(key, "must be string");
    return {};
  }
  if (text.size() < rule.bytes_min) {
    complain(key, "must NOT have fewer than " + std::to_string(rule.bytes_min) + " characters");
    return {};
  }
  if (text.size() > rule.bytes_max) {
    complain(key, "must NOT have more than " + std::to_string(rule.bytes_max) + " bytes");
    return {};
  }
  return text;
}

std::int64_t Params::integer(const char* key, const IntegerRule& rule) {
  simdjson::dom::element value;
  if (!find(key, rule.required, value)) return rule.otherwise;
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS) {
    complain(key, "must be integer");
    return rule.otherwise;
  }
  if (number < rule.min) {
    complain(key, "must be >= " + std::to_string(rule.min));
    return rule.otherwise;
  }
  if (number > rule.max) {
    complain(key, "must be <= " + std::to_string(rule.max));
    return rule.otherwise;
  }
  return number;
}

bool Params::boolean(const char* key, bool otherwise) {
  simdjson::dom::element value;
  if (!find(key, false, value)) return otherwise;
  bool flag = otherwise;
  if (value.get(flag) != simdjson::SUCCESS) complain(key, "must be boolean");
  return flag;
}

Params Params::object(const char* key, bool required) {
  Params child{path_ + "/" + key, problem_};
  simdjson::dom::element value;
  if (!find(key, required, value)) return child;
  if (value.get(child.object_) != simdjson::SUCCESS) {
    complain(key, "must be object");
    return child;
  }
  child.present_ = true;
  return child;
}

bool Params::array(const char* key, simdjson::dom::array& out) {
  simdjson::dom::element value;
  if (!find(key, false, value)) return false;
  if (value.get(out) == simdjson::SUCCESS) return true;
  complain(key, "must be array");
  return false;
}

}  // namespace spine::net
