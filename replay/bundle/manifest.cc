// The manifest as JSON, and back.
#include "replay/bundle/manifest.h"

#include <charconv>
#include <fmt/format.h>
#include <string_view>

#include "replay/timeline/moment.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/json_read.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::replay {
namespace {

constexpr std::string_view kBundleFormat = "spine-bundle";
constexpr std::uint64_t kBundleVersion = 1;
constexpr std::size_t kManifestBytesMax = std::size_t{1} << 20;

Error bad_manifest(const std::filesystem::path& path, std::string_view what) {
  return Error{Errc::corrupt, fmt::format("{} {}. Ask for the bundle again.", path.string(), what)};
}

// 32 hexadecimal digits, with or without dashes; zero for anything else.
Bits128 bits_from(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '-') digits += c;
  Bits128 bits;
  if (digits.size() != 32) return {};
  const char* middle = digits.data() + 16;
  const auto high = std::from_chars(digits.data(), middle, bits.hi, 16);
  const auto low = std::from_chars(middle, middle + 16, bits.lo, 16);
  const bool good = high.ptr == middle && low.ptr == middle + 16;
  return good ? bits : Bits128{};
}

}  // namespace

std::string Manifest::json() const {
  std::string out = "{\n";
  const auto member = [&](std::string_view name, std::string_view value) {
    out += fmt::format("  {}: {}{}\n", json_string(name), value, name == "digestAfter" ? "" : ",");
  };
  const auto text = [&](std::string_view name, std::string_view value) {
    member(name, json_string(value));
  };
  text("format", kBundleFormat);
  member("formatVersion", std::to_string(kBundleVersion));
  text("program", program);
  text("why", why);
  text("around", around);
  member("aroundSeq", std::to_string(around_seq.value));
  member("aroundWallMs", std::to_string(around_wall_ms));
  text("aroundTime", utc_text(around_wall_ms));
  text("epoch", uuid_string(epoch));
  text("sourceEpoch", uuid_string(source_epoch));
  member("redacted", redacted ? "true" : "false");
  member("firstSeq", std::to_string(first.value));
  member("lastSeq", std::to_string(last.value));
  member("events", std::to_string(events()));
  member("blocks", std::to_string(blocks));
  member("bytes", std::to_string(bytes));
  text("previous", previous);
  text("head", head);
  member("digestVersion", std::to_string(digest_version));
  text("digestBefore", digest_before);
  text("digestAfter", digest_after);
  return out + "}\n";
}

Result<std::optional<Manifest>> Manifest::read(const std::filesystem::path& state_dir) {
  const auto path = path_in(state_dir);
  auto file = InputFile::open(path);
  if (!file && file.error().code == Errc::not_found) return std::optional<Manifest>{};
  if (!file) return file.error();
  if (file->bytes() > kManifestBytesMax) return bad_manifest(path, "is too large for a manifest");
  std::string bytes(file->bytes(), '\0');
  SPINE_TRY_STATUS(file->read(std::as_writable_bytes(std::span(bytes))));
  PaddedText padded;
  padded.assign(bytes);
  JsonParser parser;
  simdjson::dom::element root;
  if (parser.parse(padded, root) != JsonParser::Fault::none) {
    return bad_manifest(path, "is not JSON");
  }
  const JsonNode json(root);
  if (json.text("format") != kBundleFormat) return bad_manifest(path, "is not that of a bundle");
  if (json.number("formatVersion") != kBundleVersion) {
    return Error{Errc::newer_format,
                 fmt::format("{} is of a bundle of format {}; this program understands {}. Install "
                             "the version that made it ({}) or a later one.",
                             path.string(), json.number("formatVersion"), kBundleVersion,
                             printable(json.text("program")))};
  }
  Manifest manifest{.program = std::string(json.text("program")),
                    .why = std::string(json.text("why")),
                    .around = std::string(json.text("around")),
                    .around_seq = Seq{json.number("aroundSeq")},
                    .around_wall_ms = static_cast<std::int64_t>(json.number("aroundWallMs")),
                    .epoch = bits_from(json.text("epoch")),
                    .source_epoch = bits_from(json.text("sourceEpoch")),
                    .redacted = json.flag("redacted"),
                    .first = Seq{json.number("firstSeq")},
                    .last = Seq{json.number("lastSeq")},
                    .blocks = json.number("blocks"),
                    .bytes = json.number("bytes"),
                    .previous = std::string(json.text("previous")),
                    .head = std::string(json.text("head")),
                    .digest_version = static_cast<std::uint32_t>(json.number("digestVersion")),
                    .digest_before = std::string(json.text("digestBefore")),
                    .digest_after = std::string(json.text("digestAfter"))};
  if (!manifest.first || manifest.last < manifest.first) {
    return bad_manifest(path, "names no events");
  }
  return std::optional(std::move(manifest));
}

}  // namespace spine::replay
