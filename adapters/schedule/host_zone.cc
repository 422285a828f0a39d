// Host zone: asks localtime_r(3) for the offset at instants, and finds its changes by bisection.
#include "adapters/schedule/host_zone.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/fields.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::schedule {
namespace {

constexpr log::Logger kLog{"time"};
constexpr timeval kEvery = loop::in_ms(60'000);

namespace fs = std::filesystem;

constexpr std::int64_t kDayS = 86'400;
constexpr int kYearsAhead = 10;
constexpr const char* kLocalTime = "/etc/localtime";
constexpr const char* kDatabase = "/usr/share/zoneinfo";

// The rules before they are built as a FlatBuffer.
struct Rules {
  std::int32_t first_offset_s{};
  std::vector<std::int64_t> at_s{};
  std::vector<std::int32_t> offsets_s{};
};

std::int32_t offset_at(std::int64_t at_s) {
  const auto seconds = static_cast<std::time_t>(at_s);
  std::tm local{};
  SPINE_CHECK(::localtime_r(&seconds, &local) != nullptr);
  return static_cast<std::int32_t>(local.tm_gmtoff);
}

int year_of(std::int64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / 1'000);
  std::tm utc{};
  SPINE_CHECK(::gmtime_r(&seconds, &utc) != nullptr);
  return utc.tm_year + 1900;
}

std::int64_t start_of_year(int year) {
  std::tm utc{};
  utc.tm_year = year - 1900;
  utc.tm_mday = 1;
  return ::timegm(&utc);
}

// The first instant of (from, to] whose offset is not that of `from`. REQUIRES: the ends differ.
std::int64_t change_between(std::int64_t from, std::int64_t to) {
  const std::int32_t before = offset_at(from);
  while (to - from > 1) {
    const std::int64_t middle = from + (to - from) / 2;
    (offset_at(middle) == before ? from : to) = middle;
  }
  return to;
}

Rules find_rules(std::int64_t from, std::int64_t until) {
  Rules rules{.first_offset_s = offset_at(from)};
  std::int32_t offset = rules.first_offset_s;
  for (std::int64_t day = from; day < until; day += kDayS) {
    const std::int32_t after = offset_at(day + kDayS);
    if (after == offset) continue;
    if (rules.at_s.size() == limits::kZoneTransitionsMax) break;
    rules.at_s.push_back(change_between(day, day + kDayS));
    rules.offsets_s.push_back(after);
    offset = after;
  }
  return rules;
}

std::string_view environment_zone() {
  const char* value = std::getenv("TZ");  // NOLINT(concurrency-mt-unsafe): nothing changes it
  std::string_view zone = value == nullptr ? std::string_view{} : value;
  if (zone.starts_with(':')) zone.remove_prefix(1);
  return zone;
}

// For people: "Europe/Berlin", or whatever the zone is called.
std::string zone_name() {
  std::string name{environment_zone()};
  if (name.empty()) {
    std::error_code error;
    name = fs::canonical(kLocalTime, error).string();
    if (error) name = "UTC";
  }
  if (const std::size_t at = name.find("zoneinfo/"); at != std::string::npos) {
    name.erase(0, at + std::string_view{"zoneinfo/"}.size());
  }
  name.resize(std::min(name.size(), limits::kNameBytesMax));
  return name;
}

// "2025b": the first line of tzdata.zi says "# version 2025b". Empty where there is no such file.
std::string database_version() {
  std::ifstream file(fs::path{kDatabase} / "tzdata.zi");
  std::string line;
  constexpr std::string_view kBefore = "# version ";
  if (!std::getline(file, line) || !line.starts_with(kBefore)) return {};
  return line.substr(kBefore.size(), limits::kNameBytesMax);
}

}  // namespace

core::KeptBody host_zone_rules(std::int64_t wall_ms) {
  ::tzset();
  const int year = year_of(wall_ms);
  const std::int64_t until = start_of_year(year + kYearsAhead + 1);
  const Rules rules = find_rules(start_of_year(year - 1), until);
  flatbuffers::FlatBufferBuilder builder{2'048};
  const std::string zone = zone_name();
  const std::string version = database_version();
  builder.Finish(fb::CreateZoneRulesDirect(builder, zone.c_str(), version.c_str(),
                                           rules.first_offset_s, &rules.at_s, &rules.offsets_s,
                                           until));
  return core::KeptBody{finished(builder)};
}

std::string host_zone_mark(std::int64_t wall_ms) {
  struct stat file {};
  ::stat(kLocalTime, &file);
  struct stat database {};
  ::stat(kDatabase, &database);
  std::error_code error;
  return fmt::format("{} {} {} {} {} {} {}", year_of(wall_ms), environment_zone(),
                     fs::read_symlink(kLocalTime, error).string(), file.st_ino, file.st_mtim.tv_sec,
                     file.st_mtim.tv_nsec, database.st_mtim.tv_sec);
}

ZoneWatch::ZoneWatch(event_base* base, pipeline::IngressProducer& producer, core::KeptBody rules)
    : producer_(producer),
      rules_(std::move(rules)),
      mark_(host_zone_mark(pipeline::wall_now_ms())),
      timer_(
          base, [this] { look(); }, loop::Timer::Again::yes) {
  timer_.start(kEvery);
}

void ZoneWatch::look() {
  const std::int64_t wall_ms = pipeline::wall_now_ms();
  std::string mark = host_zone_mark(wall_ms);
  if (mark == mark_) return;
  mark_ = std::move(mark);
  core::KeptBody rules = host_zone_rules(wall_ms);
  if (std::ranges::equal(rules.view(), rules_.view())) return;
  rules_ = std::move(rules);
  const auto& body = *flatbuffers::GetRoot<fb::ZoneRules>(rules_.view().data());
  kLog.info("the rules of the time zone have changed: {}, data {}", text_of(body.zone()),
            text_of(body.version()));
  const pipeline::InputHeader header{.kind = static_cast<std::uint16_t>(fb::EventBody::ZoneRules),
                                     .source = static_cast<std::uint16_t>(Source::loop)};
  producer_.push(header, rules_.view());
}

}  // namespace spine::schedule
