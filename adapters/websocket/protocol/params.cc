// Typed reading of parameters and the wording of complaints.
#include "adapters/websocket/protocol/params.h"

#include "schemas/vocab/check.h"

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

bool Params::has(std::string_view key) const {
  simdjson::dom::element value;
  return present_ && object_[key].get(value) == simdjson::SUCCESS && !value.is_null();
}

bool Params::is_null(std::string_view key) const {
  simdjson::dom::element value;
  return present_ && object_[key].get(value) == simdjson::SUCCESS && value.is_null();
}

bool Params::asks(std::string_view key) const {
  simdjson::dom::element value;
  if (!present_ || object_[key].get(value) != simdjson::SUCCESS || value.is_null()) return false;
  if (bool flag{}; value.get(flag) == simdjson::SUCCESS) return flag;
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) return !text.empty();
  if (simdjson::dom::array list; value.get(list) == simdjson::SUCCESS) return list.size() != 0;
  return true;
}

template <class T>
bool Params::read(const char* key, bool required, T& out, std::string_view type) {
  simdjson::dom::element value;
  if (!find(key, required, value)) return false;
  if (value.get(out) == simdjson::SUCCESS) return true;
  complain(key, "must be " + std::string{type});
  return false;
}

std::string_view Params::text(const Param& param) {
  std::string_view text;
  if (!read(param.name, param.required, text, "string")) return {};
  if (text.size() < param.min) {
    complain(param.name, "must NOT have fewer than " + std::to_string(param.min) + " characters");
  } else if (text.size() > param.max) {
    complain(param.name, "must NOT have more than " + std::to_string(param.max) + " bytes");
  } else if (param.fits != nullptr && !param.fits(text)) {
    complain(param.name, param.or_else);
  } else {
    return text;
  }
  return {};
}

std::uint64_t Params::number(const Param& param) {
  std::int64_t number = 0;
  if (!read(param.name, param.required, number, "integer")) return param.otherwise;
  if (number < static_cast<std::int64_t>(param.min)) {
    complain(param.name, "must be >= " + std::to_string(param.min));
  } else if (number > static_cast<std::int64_t>(param.max)) {
    complain(param.name, "must be <= " + std::to_string(param.max));
  } else {
    return static_cast<std::uint64_t>(number);
  }
  return param.otherwise;
}

bool Params::boolean(const char* key, bool otherwise) {
  bool flag = otherwise;
  read(key, false, flag, "boolean");
  return flag;
}

std::string Params::moment(const char* key) {
  simdjson::dom::element value;
  if (!find(key, false, value)) return {};
  std::uint64_t seq = 0;
  std::string_view text;
  if (value.get(seq) == simdjson::SUCCESS) return std::to_string(seq);
  if (value.get(text) == simdjson::SUCCESS && !text.empty() &&
      text.size() <= limits::kMomentBytesMax) {
    return std::string{text};
  }
  complain(key, "must be a seq, or a text that names a moment");
  return {};
}

std::string Params::id(const char* key) {
  simdjson::dom::element value;
  if (!find(key, false, value)) return {};
  std::int64_t number = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) return std::to_string(number);
  if (value.get(text) == simdjson::SUCCESS && text.size() <= limits::kNameBytesMax)
    return std::string{text};
  complain(key, "must be an id: a text of at most 256 bytes, or a whole number");
  return {};
}

Params Params::object(const char* key, bool required) {
  Params child{path_ + "/" + key, problem_};
  child.present_ = read(key, required, child.object_, "object");
  return child;
}

bool Params::array(const char* key, simdjson::dom::array& out) {
  return read(key, false, out, "array");
}

Arguments::Arguments(ParamList params, Params& sent) : params_(params) {
  SPINE_CHECK(params.size() <= kParamsMax);
  Value* value = values_.data();
  for (const Param& param : params)
    *value++ = read(param, sent);
}

Arguments::Value Arguments::read(const Param& param, Params& sent) {
  Value value{};
  switch (param.type) {
    case ParamType::text:
      value.text = sent.text(param);
      return value;
    case ParamType::number:
      value.number = sent.number(param);
      return value;
    case ParamType::boolean:
      value.number = sent.boolean(param.name, false) ? 1 : 0;
      return value;
    case ParamType::list:
      sent.array(param.name, value.list);
      return value;
  }
  return value;
}

const Arguments::Value& Arguments::at(std::string_view name) const {
  const Value* value = values_.data();
  for (const Param& param : params_) {
    if (param.name == name) return *value;
    ++value;
  }
  SPINE_CHECK(false && "a method reads a parameter that its entry does not list");
}

}  // namespace spine::net
