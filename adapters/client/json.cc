// Json: a thin owner around simdjson.
#include "adapters/client/json.h"

#include <simdjson.h>

#include "schemas/vocab/json_read.h"

namespace spine::client {

using simdjson::SUCCESS;

struct Json::Value {
  std::shared_ptr<simdjson::dom::parser> owner{};  // holds what `element` borrows
  simdjson::dom::element element{};
};

std::optional<Json> Json::parse(std::string_view text) {
  auto owner = std::make_shared<simdjson::dom::parser>();
  simdjson::dom::element root;
  if (owner->parse(text.data(), text.size()).get(root) != SUCCESS) return std::nullopt;
  return Json(std::make_shared<const Value>(Value{std::move(owner), root}));
}

Json Json::at(std::string_view key) const {
  simdjson::dom::element value;
  const bool there = !absent() && value_->element[key].get(value) == SUCCESS && !value.is_null();
  return there ? Json(std::make_shared<const Value>(Value{value_->owner, value})) : Json{};
}

std::vector<Json> Json::items() const {
  std::vector<Json> values;
  simdjson::dom::array array;
  if (absent() || value_->element.get(array) != SUCCESS) return values;
  for (const simdjson::dom::element value : array)
    values.push_back(Json(std::make_shared<const Value>(Value{value_->owner, value})));
  return values;
}

Json Json::first(std::string_view key) const {
  const std::vector<Json> values = array(key);
  return values.empty() ? Json{} : values.front();
}

std::string Json::text(std::string_view key) const {
  std::string_view text;
  return !absent() && value_->element[key].get(text) == SUCCESS ? std::string{text} : std::string{};
}

std::int64_t Json::number(std::string_view key) const {
  std::int64_t number = 0;
  return !absent() && value_->element[key].get(number) == SUCCESS ? number : 0;
}

bool Json::flag(std::string_view key, bool otherwise) const {
  bool flag = false;
  return !absent() && value_->element[key].get(flag) == SUCCESS ? flag : otherwise;
}

std::string Json::text() const {
  std::string_view text;
  return !absent() && value_->element.get(text) == SUCCESS ? std::string{text} : std::string{};
}

std::string Json::dump() const {
  return absent() ? "null" : simdjson::to_string(value_->element);
}

}  // namespace spine::client
