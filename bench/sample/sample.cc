// The people, what they say, and the edit that goes wrong.
#include "bench/sample/sample.h"

#include <array>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/snapshot.h"
#include "engine/core/model/views.h"
#include "journal/index.h"
#include "schemas/fields.h"
#include "schemas/vocab/check.h"

namespace spine::bench {
namespace {

constexpr std::uint64_t kBatchEvents = 4'096;
constexpr std::uint64_t kFaultPercent = 61;
constexpr std::uint64_t kStrangers = 1'000;      // on Discord
constexpr std::uint64_t kDigestEvery = 500'000;  // events

constexpr std::array kFriends{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"};
constexpr std::array kSayings{
    "what is on my calendar today?",
    "please look at the report from yesterday, then tell Maria that we meet at half past nine",
    "remind me to water the plants",
    "how long does the train to Bern take, and when does the next one leave?",
    "summarise the thread about the new heating, please; I have three minutes"};
constexpr std::array kTools{"calendar.list", "files.read", "reminders.add", "web.fetch",
                            "mail.search"};

// Numbers that look random and are the same each time (SplitMix64).
std::uint64_t mixed(std::uint64_t number) {
  number += 0x9E3779B97F4A7C15ULL;
  number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9ULL;
  number = (number ^ number >> 27) * 0x94D049BB133111EBULL;
  return number ^ number >> 31;
}

}  // namespace

template <class Table>
constexpr std::uint16_t kind_of_table(flatbuffers::Offset<Table>) {
  return static_cast<std::uint16_t>(fb::EventBodyTraits<Table>::enum_value);
}

// Decides the input whose table `create(builder)` makes; appends and folds what follows. Returns
// the seq of the input's own event.
template <class Create>
Seq Sample::input(Source source, Create create) {
  builder_.Clear();
  const auto table = create(builder_);
  builder_.Finish(table);
  const ByteSpan body = body_.copy(builder_);
  decision_.clear();
  core::decide(state_, {.kind = kind_of_table(table), .source = source, .now = now_, .body = body},
               decision_);
  const Seq first = next(state_.applied());
  for (const core::Draft& draft : decision_.drafts()) {
    RecordHeader header = draft.header;
    header.body_bytes = static_cast<std::uint32_t>(draft.body.size());
    const Seq seq = next(state_.applied());
    SPINE_CHECK(batch_.append(header, draft.body) == seq);
    core::evolve(state_, {.seq = seq, .header = header, .body = draft.body});
  }
  return first;
}

void Sample::begin_life() {
  const Bits128 epoch = journal_->epoch();
  input(Source::engine, [&](auto& b) {
    const fb::Bits128 id{epoch.hi, epoch.lo};
    const fb::Bits128 key{0x9E3779B97F4A7C15ULL, 0xD1B54A32D192ED03ULL};
    return fb::CreateJournalCreated(b, &id, &key, b.CreateString(SPINE_VERSION));
  });
  input(Source::engine, [](auto& b) {
    const fb::Bits128 boot{1, 1};
    return fb::CreateEngineStarted(b, b.CreateString(SPINE_VERSION), &boot, 1, false, 1);
  });
  apply_policy(true);
}

void Sample::apply_policy(bool with_alice) {
  input(Source::config, [&](auto& b) {
    std::vector<flatbuffers::Offset<flatbuffers::String>> allowed;
    for (const char* name : kFriends)
      if (with_alice || std::string_view(name) != "alice") allowed.push_back(b.CreateString(name));
    const auto telegram =
        fb::CreateChannelPolicyDirect(b, "telegram", fb::DmPolicy::allowlist, &allowed);
    const auto channels = b.CreateVector(&telegram, 1);
    const auto agents = b.CreateVectorOfStrings(std::vector<std::string>{"main"});
    const auto agent = b.CreateString("main");
    fb::ConfigAppliedBuilder policy(b);
    policy.add_main_key(agent);
    policy.add_default_agent(agent);
    policy.add_agents(agents);
    policy.add_channels(channels);
    policy.add_messages_per_minute(0);
    policy.add_default_dm_policy(fb::DmPolicy::open);
    policy.add_exact_ids(true);
    return policy.Finish();
  });
}

// A message, and what comes of it. One in three is a friend's, on Telegram.
void Sample::one_message() {
  const std::uint64_t dice = mixed(++number_);
  const bool telegram = dice % 3 == 0;
  const std::string sender = telegram ? kFriends[dice / 3 % kFriends.size()]
                                      : fmt::format("user{}", dice / 3 % kStrangers);
  const std::string external_id = fmt::format("{}-{}", telegram ? "tg" : "dc", number_);
  now_.wall_ms += 400 + static_cast<std::int64_t>(dice % 2'000);
  now_.logical_ms += 400 + dice % 2'000;
  input(Source::websocket, [&](auto& b) {
    const auto channel = b.CreateString(telegram ? "telegram" : "discord");
    const auto id = b.CreateString(sender);
    const auto name = b.CreateString(sender);
    const auto conversation = b.CreateString(sender);
    const auto external = b.CreateString(external_id);
    const auto text = b.CreateString(kSayings[dice % kSayings.size()]);
    const fb::Bits128 entropy{dice, number_};
    fb::MessageReceivedBuilder message(b);
    message.add_via(fb::MessageVia::channel);
    message.add_channel(channel);
    message.add_sender_id(id);
    message.add_sender_name(name);
    message.add_conversation(fb::ConversationKind::direct);
    message.add_conversation_id(conversation);
    message.add_external_id(external);
    message.add_text(text);
    message.add_platform_ms(now_.wall_ms);
    message.add_entropy(&entropy);
    message.add_exact_ids(true);
    return message.Finish();
  });
  if (decision_.reply.run) answer(decision_.reply.run);
  if (edited_ && telegram && sender == "alice" && planted_.unheard.empty()) {
    planted_.unheard = external_id;
  }
}

void Sample::answer(RunId run) {
  const std::uint64_t dice = mixed(run.value);
  const std::string call = fmt::format("call-{}", run.value);
  const char* tool = kTools[dice % kTools.size()];
  now_.logical_ms += 40;
  now_.wall_ms += 40;
  if (dice % 4 != 0) {
    input(Source::agent, [&](auto& b) {
      return fb::CreateToolCalledDirect(b, run.value, call.c_str(), tool, nullptr,
                                        "{\"day\":\"today\"}", 15);
    });
    now_.logical_ms += 100;
    now_.wall_ms += 100;
    input(Source::agent, [&](auto& b) {
      return fb::CreateToolReturnedDirect(b, run.value, call.c_str(), false, "three entries", 13,
                                          nullptr, 100, tool);
    });
  }
  input(Source::agent, [&](auto& b) {
    return fb::CreateRunFinishedDirect(b, run.value, "Done: here is what you asked for.", "stop",
                                       900, 40, 140, "sample", "sample-1");
  });
}

Status Sample::commit_if_full() {
  return batch_.count() >= kBatchEvents ? commit() : ok();
}

Status Sample::commit() {
  if (!batch_.empty()) {
    SPINE_TRY_STATUS(journal_->ensure_space(batch_.bytes(), journal::SpaceClass::intake));
    SPINE_TRY([[maybe_unused]] const Seq last, journal_->commit(batch_));
  }
  batch_.begin(next(journal_->last()));
  const bool due = journal_->last().value >= snapshot_.value + options_.snapshot_every;
  return due ? take_snapshot() : ok();
}

Status Sample::take_snapshot() {
  SPINE_TRY(auto store, journal::SnapshotStore::open(options_.state_dir / "snapshots"));
  snapshot_ = journal_->last();
  builder_.Clear();
  core::save_snapshot(state_, builder_);
  return store.write(snapshot_, journal_->epoch(), finished(builder_), journal_->head());
}

// As the follower's after an orderly stop.
Status Sample::write_index() {
  SPINE_TRY(const auto index, journal::Index::open(options_.state_dir / "index", journal_->epoch(),
                                                   Bits128{}, journal_->last()));
  journal::Reader reader = journal_->reader();
  SPINE_TRY_STATUS(reader.renew());
  for (Seq at{1}; at <= reader.last();) {
    SPINE_TRY(const journal::BlockView block, reader.block_of(at));
    index->add(block);
    SPINE_TRY_STATUS(index->commit());
    at = next(block.last());
  }
  return index->close_clean();
}

Status Sample::write() {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(options_.state_dir, error);
  fs::permissions(options_.state_dir, fs::perms::owner_all, error);
  if (fs::exists(options_.state_dir / "journal" / "data.mdb", error)) {
    return Error{Errc::refused,
                 fmt::format("There is a journal in {} already; name a new directory.",
                             options_.state_dir.string())};
  }
  constexpr Bits128 kEpoch{0x5350494E45ULL, 0x53414D504C45ULL};
  SPINE_TRY(journal_, journal::Journal::open(options_.state_dir / "journal", kEpoch));
  batch_.begin(Seq{1});
  begin_life();
  std::uint64_t digest_at = kDigestEvery;
  while (state_.applied().value < options_.events) {
    if (!edited_ && state_.applied().value >= options_.events / 100 * kFaultPercent) {
      edited_ = true;
      planted_.edit = next(state_.applied());
      apply_policy(false);
    }
    if (state_.applied().value >= digest_at) {
      digest_at += kDigestEvery;
      const core::StateDigest own = core::digest(state_);
      input(Source::engine, [&](auto& b) {
        const fb::Bits128 total{own.total.hi, own.total.lo};
        return fb::CreateStateDigested(b, own.version, &total);
      });
    }
    one_message();
    SPINE_TRY_STATUS(commit_if_full());
  }
  SPINE_TRY_STATUS(commit());
  return write_index();
}

}  // namespace spine::bench
