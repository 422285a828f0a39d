// Fuzzes the JSON5 reader, the configuration made from it, and patches of one: no text may crash
// them, and what was read must be the same after it was written as strict JSON.

// links: spine_config

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/config/config.h"
#include "engine/config/edit/changes.h"
#include "engine/config/edit/edit.h"
#include "engine/config/json5/json5.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::config {
namespace {

double number(std::string_view text) {
  double value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  SPINE_CHECK(read.ec == std::errc{} && read.ptr == text.data() + text.size());
  return value;
}

// Depth is bounded by the reader.
bool same(const Document& a, NodeId x, const Document& b, NodeId y) {
  if (a.kind(x) != b.kind(y) || a[x].boolean != b[y].boolean) return false;
  if (a.kind(x) == Kind::string) return a.text(x) == b.text(y);
  if (a.kind(x) == Kind::number) return number(a.text(x)) == number(b.text(y));
  x = a.first_child(x);
  y = b.first_child(y);
  for (; x != 0 && y != 0; x = a.next(x), y = b.next(y)) {
    if (a.key(x) != b.key(y) || !same(a, x, b, y)) return false;
  }
  return x == 0 && y == 0;
}

const char* environment(const char* name) {
  return name[0] == 'A' ? "value" : nullptr;
}

void check_round_trip(std::string_view text) {
  Document first;
  const Result<NodeId> root = parse_json5(first, text, "f");
  if (!root) {
    SPINE_CHECK(root.error().message.starts_with("f:"));
    return;
  }
  const std::string json = to_json(first, *root);
  Document second;
  const Result<NodeId> again = parse_json5(second, json, "g");
  SPINE_CHECK(again && same(first, *root, second, *again));
  SPINE_CHECK(to_json(second, *again) == json);
}

void check_config(std::string_view text) {
  const Result<Config> config = parse(text, "/nonexistent/openclaw.json", environment);
  if (!config) {
    SPINE_CHECK(!config.error().message.empty());
    return;
  }
  SPINE_CHECK(!config->agents.empty());
  Document raw;
  SPINE_CHECK(parse_json5(raw, config->raw, "raw").has_value());
  SPINE_CHECK(get_path(*config, "").has_value());
  flatbuffers::FlatBufferBuilder builder;
  build_policy(*config, builder);
  flatbuffers::Verifier verifier(builder.GetBufferPointer(), builder.GetSize());
  SPINE_CHECK(verifier.VerifyBuffer<fb::ConfigApplied>(nullptr));
}

// The text up to the first form feed is a file, what follows a patch of it.
void check_patch(std::string_view text) {
  const std::size_t cut = text.find('\f');
  if (cut == std::string_view::npos) return;
  Document old;
  Document merged;
  const Result<NodeId> before = parse_json5(old, text.substr(0, cut), "f");
  const Result<NodeId> target = parse_json5(merged, text.substr(0, cut), "f");
  const Result<NodeId> patch = parse_json5(merged, text.substr(cut + 1), "p");
  if (!before || !target || !patch) return;
  const std::string result = to_pretty_json(merged, merge_patch(merged, *target, *patch));
  Document now;
  const Result<NodeId> after = parse_json5(now, result, "r");
  SPINE_CHECK(after.has_value());
  const Tree tree_before{old, *before};
  const Tree tree_after{now, *after};
  const std::vector<Change> changes = find_changes(tree_before, tree_after);
  SPINE_CHECK(changes.empty() || to_json(old, *before) != to_json(now, *after));
  const std::string diff = show_changes(tree_before, tree_after, changes);
  SPINE_CHECK(diff.size() <= limits::kConfigDiffBytesMax);
  Document shown;
  SPINE_CHECK(parse_json5(shown, diff, "d").has_value());
  SPINE_CHECK(refused_remotely(tree_before, tree_after, changes).size() <= changes.size());
  const Result<std::string> put_back = put_secrets_back(result, tree_after, tree_before);
  SPINE_CHECK(!put_back || put_back->find(kRedacted) == std::string::npos);
}

}  // namespace
}  // namespace spine::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  spine::config::check_round_trip(text);
  spine::config::check_config(text);
  spine::config::check_patch(text);
  return 0;
}
