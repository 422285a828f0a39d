// Walking over a body by the tables that flatc makes of the schema.
#include "schemas/event_json.h"

#include "schemas/event_verify.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine {
namespace {

template <class Enum, std::size_t kCount>
std::string bit_names(std::uint32_t bits, const Enum (&known)[kCount],
                      const char* (*name_of)(Enum)) {
  std::string names;
  const auto add = [&names](std::string_view name) {
    if (!names.empty()) names += ',';
    names += name;
  };
  for (const Enum bit : known) {
    if ((bits & static_cast<std::uint32_t>(bit)) == 0) continue;
    bits &= ~static_cast<std::uint32_t>(bit);
    add(name_of(bit));
  }
  if (bits != 0) add(std::to_string(bits));
  return names;
}

class JsonVisitor : public flatbuffers::IterationVisitor {
 public:
  explicit JsonVisitor(std::string& out) : out_(out) {}

  void StartSequence() override {
    if (!in_bits_) out_ += '{';
  }
  void EndSequence() override {
    if (!in_bits_) {
      out_ += '}';
      return;
    }
    in_bits_ = false;
    out_ += json_string(show_hex(bits_));
  }
  void Field(std::size_t index, std::size_t set_index, flatbuffers::ElementaryType of,
             bool is_vector, const flatbuffers::TypeTable* type, const char* name,
             const std::uint8_t* value) override {
    if (in_bits_) {
      of_bits_ = index;
    } else if (value != nullptr) {
      if (set_index > 0) out_ += ',';
      out_ += json_string(name) + ":";
      field_ = name;
      in_bits_ = !is_vector && type == fb::Bits128TypeTable();
      in_bytes_ = is_vector && of == flatbuffers::ET_UCHAR && type == nullptr;
    }
  }
  void UType(std::uint8_t v, const char* name) override { named(v, name); }
  void Bool(bool v) override { out_ += v ? "true" : "false"; }
  void Char(std::int8_t v, const char* name) override { named(v, name); }
  void UChar(std::uint8_t v, const char* name) override {
    if (!in_bytes_) return named(v, name);
    constexpr std::string_view kHexDigits = "0123456789abcdef";
    out_ += kHexDigits[v >> 4U];
    out_ += kHexDigits[v & 15U];
  }
  void Short(std::int16_t v, const char* name) override { named(v, name); }
  void UShort(std::uint16_t v, const char* name) override { named(v, name); }
  void Int(std::int32_t v, const char* name) override { named(v, name); }
  void UInt(std::uint32_t v, const char* name) override {
    const std::optional<std::string> flags = flag_names(field_, v);
    flags ? void(out_ += json_string(*flags)) : named(v, name);
  }
  void Long(std::int64_t v) override { out_ += std::to_string(v); }
  void ULong(std::uint64_t v) override {
    if (!in_bits_) {
      out_ += std::to_string(v);
    } else {
      (of_bits_ == 0 ? bits_.hi : bits_.lo) = v;
    }
  }
  void Float(float v) override { out_ += std::to_string(v); }
  void Double(double v) override { out_ += std::to_string(v); }
  void String(const flatbuffers::String* v) override {
    out_ += json_string(std::string_view{v->data(), v->size()});
  }
  void Unknown(const std::uint8_t*) override { out_ += "null"; }
  void StartVector() override { out_ += in_bytes_ ? '"' : '['; }
  void EndVector() override {
    out_ += in_bytes_ ? '"' : ']';
    in_bytes_ = false;
  }
  void Element(std::size_t i, flatbuffers::ElementaryType, const flatbuffers::TypeTable*,
               const std::uint8_t*) override {
    if (i > 0 && !in_bytes_) out_ += ',';
  }

 private:
  template <class T>
  void named(T v, const char* name) {
    out_ += name == nullptr ? std::to_string(v) : json_string(name);
  }

  std::string& out_;
  std::string_view field_{};
  bool in_bits_{};
  bool in_bytes_{};  // a vector of them is shown as hexadecimal digits
  std::size_t of_bits_{};
  Bits128 bits_{};
};

}  // namespace

const flatbuffers::TypeTable* table_of(std::uint16_t kind) {
  const flatbuffers::TypeTable* kinds = fb::EventBodyTypeTable();
  for (std::size_t i = 0; i < kinds->num_elems; ++i) {
    const auto code = kinds->type_codes[i];
    if (kinds->values[i] == kind && code.sequence_ref >= 0) {
      return kinds->type_refs[code.sequence_ref]();
    }
  }
  return nullptr;
}

std::optional<std::string> flag_names(std::string_view field, std::uint32_t bits) {
  if (field == "fields") {
    return bit_names(bits, fb::EnumValuesSessionField(), fb::EnumNameSessionField);
  }
  if (field == "marks") {
    return bit_names(bits, fb::EnumValuesSessionMark(), fb::EnumNameSessionMark);
  }
  return {};
}

void append_body_json(const EventView& event, std::string& out) {
  const flatbuffers::TypeTable* table = table_of(event.header.kind);
  if (table == nullptr || (event.header.flags & ~record_flag::kInput) != 0) {
    out += "null";
    return;
  }
  JsonVisitor visitor(out);
  flatbuffers::IterateFlatBuffer(reinterpret_cast<const std::uint8_t*>(event.body.data()), table,
                                 &visitor);
}

}  // namespace spine
