// Params: reads the parameters of a request by name and type, and says what is wrong with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace spine::net {

// What a text must be like. Sizes in bytes of UTF-8.
struct TextRule {
  bool required{};
  std::size_t bytes_min{};
  std::size_t bytes_max{};
};

struct IntegerRule {
  bool required{};
  std::int64_t min{};
  std::int64_t max{};
  std::int64_t otherwise{};  // when absent
};

// A view of one JSON object. The first thing that is wrong is kept, in the words OpenClaw's own
// validator uses ("must have required property 'x'", "at /a/b: must be string"); what is read
// after it is empty. null counts as absent. Borrowed: the document. Thread: net.
class Params {
 public:
  // `problem` collects the first complaint and outlives this. An absent object has no members.
  Params(simdjson::dom::element value, bool present, std::string& problem);

  std::string_view text(const char* key, const TextRule& rule);
  std::int64_t integer(const char* key, const IntegerRule& rule);
  bool boolean(const char* key, bool otherwise);
  // The object's members; an absent one has none, and complains when `required`.
  Params object(const char* key, bool required);
  // False when absent. Complains when it is no array.
  bool array(const char* key, simdjson::dom::array& out);
  bool has(const char* key) const;
  // Whether the member is there and null.
  bool is_null(const char* key) const;
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
  void unexpected(std::string_view key);
  void missing(std::string_view key);
  std::string where() const;

  simdjson::dom::object object_{};
  std::string path_{};
  bool present_{};
  std::string& problem_;
};

}  // namespace spine::net
