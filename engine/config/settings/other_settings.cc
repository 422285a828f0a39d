// Queue modes, what the gateway says to people, crons and where the log goes.
#include "engine/config/settings/other_settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/config/source/reading.h"
#include "schemas/vocab/limits.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr Accepts kLevels = one_of({{"trace", LogLevel::trace},
                                    {"debug", LogLevel::debug},
                                    {"info", LogLevel::info},
                                    {"warn", LogLevel::warn},
                                    {"error", LogLevel::error},
                                    {"fatal", LogLevel::error},
                                    {"silent", LogLevel::error}});
constexpr Accepts kFormats = one_of({{"text", LogFormat::text}, {"json", LogFormat::json}});

constexpr Accepts kDebounceMs = whole(0, limits::kDebounceMsMax);

constexpr std::array kOther{
    Setting{"commands.ownerAllowFrom", ids, not_kept,
            "owners: \"<channel>:<sender id>\", admins of channels that admin_channels names"},
    unused("commands.*"),
    remote("messages", object, not_kept),
    remote("messages.queue", object, not_kept),
    remote("messages.queue.byChannel", object, not_kept),
    remote("messages.queue.mode", kQueueModes, in<&Config::queue_mode>,
           "what becomes of a message to an agent that is at work"),
    remote("messages.queue.byChannel.*", kQueueModes, not_kept,
           "the same for messages from one channel"),
    remote("messages.inbound", object, not_kept),
    remote("messages.inbound.byChannel", object, not_kept),
    remote("messages.inbound.debounceMs", kDebounceMs, in<&Config::debounce_ms>,
           "how long a message waits for the next one of its sender, so that both are one turn"),
    remote("messages.inbound.byChannel.*", kDebounceMs, not_kept,
           "the same for messages from one channel"),
    remote("messages.inbound.albumMs", kDebounceMs, in<&Config::album_ms>,
           "how long a part of an album waits for the next one"),
    remote("messages.language",
           one_of({{"auto", LanguageChoice::by_environment},
                   {"en", LanguageChoice::english},
                   {"zh", LanguageChoice::chinese}}),
           in<&Config::language>,
           "in which language the gateway itself speaks to people; auto: as LANG says"),
    unused("messages.queue.*", any, remotely),
    unused("messages.*", any, remotely),
    unused("crons", object),
    remote("logging.level", kLevels, in<&Config::log_level>, "how much is logged"),
    Setting{"logging.format", kFormats, in<&Config::log_format>,
            "whether lines are for people or for programs", restart},
    Setting{"logging.file", text, in<&Config::log_file>,
            "the file, instead of logs/spine.log in the state directory", restart},
    Setting{"logging.maxFileBytes", whole(4'096, 1'099'511'627'776),
            in<&Config::log_file_bytes_max>, "the size at which another file is begun", restart},
    Setting{"logging.maxFiles", whole(0, 1'000), in<&Config::log_files_kept>,
            "how many older files are kept", restart},
    unused("logging.consoleLevel|consoleStyle|redactSensitive", text),
    unused("logging.redactPatterns", text_list),
    // About the file itself.
    Setting{"$schema|meta|wizard"},
    // Whole sections that exist in OpenClaw, with the settings in them that are changed remotely.
    unused("env|secrets|auth|models|plugins|hooks|cron|audio|media|talk|tts|browser"),
    unused("cron.enabled", boolean, remotely),
    unused("cron.sessionRetention", scalar, remotely),
    unused("talk.voiceId|modelId", text, remotely),
    unused("talk.voiceAliases", object, remotely),
    unused("talk.voiceAliases.*", text, remotely),
    unused("talk.interruptOnSpeech", boolean, remotely),
    unused("talk.silenceTimeoutMs", number, remotely),
    unused("ui", any, remotely),
    unused("web|memory|mcp|acp|nodeHost|canvasHost|discovery|approvals|broadcast|diagnostics|"
           "update|cli|voicewake|surfaces|accessGroups|proxy|users"),
};

template <std::size_t number>
constexpr Setting phrase_setting() {
  return remote(kPhrases[number].setting, text,
                {.get = [](const void* owner) -> Value {
                   return static_cast<const Config*>(owner)->phrases[number];
                 },
                 .put =
                     [](void* owner, Value value) {
                       static_cast<Config*>(owner)->phrases[number] =
                           std::get<std::string>(std::move(value));
                     }},
                kPhrases[number].about);
}
template <std::size_t... numbers>
constexpr std::array<Setting, sizeof...(numbers)> phrase_settings(std::index_sequence<numbers...>) {
  return {phrase_setting<numbers>()...};
}
constexpr std::array kPhraseSettings = phrase_settings(std::make_index_sequence<kPhrases.size()>());

constexpr std::array kCron{
    remote("schedule", text, in<&CronConfig::schedule>, "when, as crontab(5) has it"),
    remote("action", text, in<&CronConfig::action>, "what an agent is then told"),
};

constexpr std::array kCronPlaces{TablePlace{"crons.*.", named<&CronConfig::name, &Config::crons>}};

}  // namespace

constinit const SettingTable kOtherTable{kAtRoot, kOther};
constinit const SettingTable kPhrasesTable{kAtRoot, kPhraseSettings};
constinit const SettingTable kCronTable{kCronPlaces, kCron};

void read_queue_modes(const Reading& reading) {
  for (const NodeId entry : reading.children(reading.at("messages.queue.byChannel"))) {
    const std::string name = lower_case(reading.document.key(entry));
    auto& channels = reading.config.channels;
    const auto channel = std::ranges::find(channels, name, &ChannelConfig::name);
    if (channel == channels.end()) {
      reading.warn(entry, "there is no channel {}; it is ignored.", name);
      continue;
    }
    put_value(channel->queue_mode, reading.value(entry, kQueueModes));
  }
}

void read_debounces(const Reading& reading) {
  for (const NodeId entry : reading.children(reading.at("messages.inbound.byChannel"))) {
    auto& own = reading.config.debounces.emplace_back(
        ChannelWait{.channel = lower_case(reading.document.key(entry)), .ms = 0});
    put_value(own.ms, reading.value(entry, kDebounceMs));
  }
}

std::array<std::string, kPhrases.size()> english_phrases() {
  std::array<std::string, kPhrases.size()> phrases;
  std::ranges::transform(kPhrases, phrases.begin(),
                         [](const PhraseRow& row) { return std::string(row.english); });
  return phrases;
}

namespace {

Language language_of(const Reading& reading) {
  if (reading.config.language != LanguageChoice::by_environment) {
    return reading.config.language == LanguageChoice::chinese ? Language::chinese
                                                              : Language::english;
  }
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = reading.environment.find(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view{value}.starts_with("zh") ? Language::chinese : Language::english;
  }
  return Language::english;
}

}  // namespace

void read_phrases(const Reading& reading) {
  const Language language = language_of(reading);
  for (std::size_t i = 0; i < kPhrases.size(); ++i) {
    const NodeId node = reading.at(kPhrases[i].setting);
    if (node == 0) {
      reading.config.phrases[i] = phrase_of(static_cast<Phrase>(i), language);
      continue;
    }
    const std::string fault = phrase_fault(kPhrases[i], reading.config.phrases[i]);
    if (!fault.empty()) reading.error(node, "{} {}.", kPhrases[i].setting, fault);
  }
}

void read_crons(Reading& reading) {
  for (const NodeId node : reading.children(reading.at("crons"))) {
    CronConfig cron{.name = std::string{reading.document.key(node)}};
    reading.take(kCron, node, &cron);
    for (const std::string_view key : {"schedule", "action"}) {
      if (reading.below(node, key) != 0) continue;
      reading.error(node, "crons.{} needs both schedule and action; add {}.", cron.name, key);
    }
    reading.config.crons.push_back(std::move(cron));
  }
}

void check_logging(const Reading& reading) {
  std::string& file = reading.config.log_file;
  if (file.starts_with("~/")) file = (reading.environment.home() / file.substr(2)).string();
  const NodeId id = reading.at("logging.file");
  if (id == 0 || std::filesystem::path(file).is_absolute()) return;
  reading.error(id, "logging.file must be an absolute path, or start with ~/.");
}

}  // namespace spine::config
