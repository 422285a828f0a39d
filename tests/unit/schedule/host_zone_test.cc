// Host zone: the rules say of every instant what the C library says.
#include "adapters/schedule/host_zone.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <event2/event.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "engine/core/base/zone.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"

namespace spine::schedule {
namespace {

constexpr std::int64_t kNow = 1'790'000'000;  // in September 2026

// TZ of this process, for as long as it lives.
class InZone {
 public:
  explicit InZone(const char* zone) { set(zone); }
  ~InZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  InZone(const InZone&) = delete;
  InZone& operator=(const InZone&) = delete;
  static void set(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
};

const fb::ZoneRules& rules_of(const core::KeptBody& body) {
  return *flatbuffers::GetRoot<fb::ZoneRules>(body.view().data());
}

// Names, rules without a name, and zones with odd changes: half hours, no summer time, Ramadan,
// midnights that do not exist, one that left the date line.
const char* const kZones[] = {"UTC",
                              "Europe/Berlin",
                              "America/Santiago",
                              "Australia/Lord_Howe",
                              "Africa/Casablanca",
                              "Antarctica/Troll",
                              "Asia/Kathmandu",
                              "Pacific/Apia",
                              "America/Havana",
                              ":Asia/Calcutta",
                              "CET-1CEST,M3.5.0,M10.5.0/3",
                              "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1"};

TEST(HostZone, RulesAgreeWithTheCLibraryForTenYears) {
  for (const char* name : kZones) {
    SCOPED_TRACE(name);
    const InZone in(name);
    const core::KeptBody body = host_zone_rules(kNow * 1'000);
    ASSERT_TRUE(
        verify_event_body(static_cast<std::uint16_t>(fb::EventBody::ZoneRules), body.view()));
    ASSERT_TRUE(core::good_zone_rules(rules_of(body)));
    core::Zone zone;
    zone.apply(body.view());
    ASSERT_GT(rules_of(body).until_s(), kNow + std::int64_t{10} * 365 * 86'400);
    for (std::int64_t at = kNow - 250 * 86'400; at < rules_of(body).until_s(); at += 3'599) {
      const auto seconds = static_cast<std::time_t>(at);
      std::tm local{};
      ::localtime_r(&seconds, &local);
      ASSERT_EQ(zone.offset_at(at), local.tm_gmtoff) << at;
    }
  }
}

TEST(HostZone, TheRulesOfOneYearAreTheSameAllYearLong) {
  const InZone in("Europe/Berlin");
  const core::KeptBody first = host_zone_rules(kNow * 1'000);
  const core::KeptBody later = host_zone_rules((kNow + 60 * 86'400) * 1'000);
  EXPECT_TRUE(std::ranges::equal(first.view(), later.view()));
  EXPECT_EQ(text_of(rules_of(first).zone()), "Europe/Berlin");
  const core::KeptBody next_year = host_zone_rules((kNow + 200 * 86'400) * 1'000);
  EXPECT_FALSE(std::ranges::equal(first.view(), next_year.view()));
  EXPECT_NE(host_zone_mark(kNow * 1'000), host_zone_mark((kNow + 200 * 86'400) * 1'000));
}

TEST(ZoneWatch, HandsRulesToTheEngineWhenTheyChangeAndOnlyThen) {
  const InZone in("Europe/Berlin");
  const std::unique_ptr<event_base, void (*)(event_base*)> base{::event_base_new(),
                                                                &::event_base_free};
  pipeline::Ingress ingress;
  pipeline::IngressProducer& producer = ingress.add_producer(nullptr, nullptr);
  const std::time_t now = ::time(nullptr);
  ZoneWatch watch{base.get(), producer, host_zone_rules(std::int64_t{now} * 1'000)};
  const auto handed_over = [&] {
    producer.flush();
    std::size_t count = 0;
    std::vector<pipeline::IngressBlock*> blocks;
    ingress.drain(blocks, SIZE_MAX);
    for (pipeline::IngressBlock* block : blocks) {
      block->for_each([&](const pipeline::InputHeader& header, ByteSpan body) {
        EXPECT_EQ(header.kind, static_cast<std::uint16_t>(fb::EventBody::ZoneRules));
        EXPECT_TRUE(verify_event_body(header.kind, body));
        ++count;
      });
      ingress.recycle(block);
    }
    return count;
  };
  watch.look();
  EXPECT_EQ(handed_over(), 0U);
  InZone::set("America/New_York");
  watch.look();
  EXPECT_EQ(handed_over(), 1U);
  watch.look();
  EXPECT_EQ(handed_over(), 0U);
}

}  // namespace
}  // namespace spine::schedule
