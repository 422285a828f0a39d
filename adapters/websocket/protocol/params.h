// Param: what a parameter must be like; Params: reads the members of one object of a request, and
// says what is wrong with them; Arguments: the values of one call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "schemas/vocab/limits.h"

namespace spine::net {

enum class ParamType : std::uint8_t { text, number, boolean, list };

// What a parameter must be like. null counts as absent.
struct Param {
  const char* name{};
  ParamType type{};
  bool required{};
  std::uint64_t min{};  // of a text: of its bytes, UTF-8
  std::uint64_t max{};
  std::uint64_t otherwise{};              // a number that is absent
  bool (*fits)(std::string_view text){};  // what else a text must be; null = nothing
  std::string_view or_else{};             // the complaint about one that does not fit
};
using ParamList = std::initializer_list<Param>;

constexpr Param required_text(const char* name, std::size_t bytes_max) {
  return {.name = name, .required = true, .min = 1, .max = bytes_max};
}
// `bytes_min`: when it is there.
constexpr Param optional_text(const char* name, std::size_t bytes_max, std::size_t bytes_min = 0) {
  return {.name = name, .min = bytes_min, .max = bytes_max};
}
constexpr Param session_key(const char* name) {
  return required_text(name, limits::kKeyBytesMax);
}
constexpr Param number(const char* name, std::uint64_t min, std::uint64_t max,
                       std::uint64_t otherwise) {
  return {.name = name, .type = ParamType::number, .min = min, .max = max, .otherwise = otherwise};
}
constexpr Param boolean(const char* name) {
  return {.name = name, .type = ParamType::boolean};
}
constexpr Param list(const char* name) {
  return {.name = name, .type = ParamType::list};
}
// The largest number that every JSON library reads exactly.
inline constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 53U;

// A view of one JSON object. The first thing that is wrong is kept, in the words OpenClaw's own
// validator uses ("must have required property 'x'", "at /a/b: must be string"); what is read
// after it is empty. null counts as absent. Borrowed: the document. Thread: net.
class Params {
 public:
  // `problem` collects the first complaint and outlives this. An absent object has no members.
  Params(simdjson::dom::element value, bool present, std::string& problem);

  std::string_view text(const Param& param);
  // An id: a text, or a whole number as its text. Empty when absent.
  std::string id(const char* key);
  std::uint64_t number(const Param& param);
  bool boolean(const char* key, bool otherwise);
  // A moment of the past: a seq, or a text; as text. Empty when absent.
  std::string moment(const char* key);
  // The object's members; an absent one has none, and complains when `required`.
  Params object(const char* key, bool required);
  // False when absent. Complains when it is no array.
  bool array(const char* key, simdjson::dom::array& out);
  bool has(std::string_view key) const;
  // Whether the member is there and null.
  bool is_null(std::string_view key) const;
  // Whether the member is there and wants something: no null, no false, nothing empty.
  bool asks(std::string_view key) const;
  // Complains about the first member that `known` does not list.
  template <class Names>
  void only(const Names& known) {
    if (!present_ || !problem_.empty()) return;
    for (const simdjson::dom::key_value_pair member : object_) {
      bool found = false;
      for (const std::string_view name : known)
        found = found || name == member.key;
      if (!found) return unexpected(member.key);
    }
  }

  bool present() const { return present_; }
  bool ok() const { return problem_.empty(); }
  // "at /path/key: <what>" as the problem, unless there is one already.
  void complain(std::string_view key, std::string_view what);

 private:
  Params(std::string path, std::string& problem) : path_(std::move(path)), problem_(problem) {}
  bool find(const char* key, bool required, simdjson::dom::element& out);
  // False when absent. Complains when it is not of that type.
  template <class T>
  bool read(const char* key, bool required, T& out, std::string_view type);
  void unexpected(std::string_view key);
  void missing(std::string_view key);
  std::string where() const { return path_.empty() ? "" : "at " + path_ + ": "; }

  simdjson::dom::object object_{};
  std::string path_{};
  bool present_{};
  std::string& problem_;
};

// The values of a call, checked against its method's list. Borrowed: the document. Thread: net.
class Arguments {
 public:
  static constexpr std::size_t kParamsMax = 8;
  // Complaints go to the Params' problem: then the values are of no use.
  Arguments(ParamList params, Params& sent);

  // REQUIRES: the method lists the parameter, with this type. Absent: empty, `otherwise`, false.
  std::string_view text(std::string_view name) const { return at(name).text; }
  std::uint64_t number(std::string_view name) const { return at(name).number; }
  bool boolean(std::string_view name) const { return at(name).number != 0; }
  simdjson::dom::array list(std::string_view name) const { return at(name).list; }

 private:
  struct Value {
    std::string_view text{};
    std::uint64_t number{};
    simdjson::dom::array list{};
  };
  static Value read(const Param& param, Params& sent);
  const Value& at(std::string_view name) const;

  ParamList params_;
  std::array<Value, kParamsMax> values_;  // the first params_.size() of them
};

}  // namespace spine::net
