// ChannelHost: the life of accounts.
#include "adapters/channels/host/host.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <iterator>

#include "adapters/agents/process/launch.h"
#include "engine/config/settings/setting.h"
#include "engine/core/model/enum_names.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

constexpr log::Logger kLog{"channels"};
// Often enough for what /health and channels.status show, and for restarts.
constexpr timeval kTurn = loop::in_ms(250);
constexpr std::uint32_t kBackOffMs = 1'000;  // after the first fault; doubled
constexpr std::uint64_t kSteadyMs = 60'000;  // without a fault: the next is a first one again
constexpr std::uint64_t kStopMsMax = 5'000;  // then it is destroyed as it is

std::string shown(const Reports& reports) {
  const std::string name = printable(reports.channel());
  if (reports.account().empty()) return name;
  return fmt::format("{} ({})", name, printable(reports.account()));
}

// Calls it; what it throws as text, else "".
template <class Call>
std::string guarded(Call&& call) {
  try {
    call();
    return "";
  } catch (const std::exception& thrown) {
    return fmt::format("it failed by an error of its own: {}", printable(thrown.what()));
  } catch (...) {
    return "it failed by an error of its own";
  }
}

}  // namespace

struct ChannelHost::Account {
  Account(pipeline::IngressProducer& producer, const Key& key)
      : reports(producer, key.first, key.second) {}

  Reports reports;
  const ChannelKind* kind{};                              // null = it is not wanted any more
  std::shared_ptr<const config::ChannelConfig> config{};  // outlives the channel
  std::shared_ptr<const config::ChannelConfig> next{};    // once the channel that ends is gone
  std::weak_ptr<http::HttpClient> http{};                 // that it is made with
  std::unique_ptr<Channel> channel{};
  bool running{};              // started, and neither stopped nor at fault
  bool faulted{};              // it gave up: to be stopped, from the loop
  bool hopeless{};             // as configured it can never work
  fb::ChannelSwitch wanted{};  // by people
  std::uint64_t stopped_ms{};  // when stop() was called; 0 = it was not
  std::uint64_t started_ms{};
  std::uint64_t due_ms{};  // when it is started; 0 = at once
  std::int64_t due_wall_ms{};
  std::uint32_t faults{};  // in a row
  std::uint64_t restarts{};
};

ChannelHost::ChannelHost(event_base* base, pipeline::IngressProducer& producer,
                         pipeline::Shared& shared, agents::GatewayPlaces places,
                         std::vector<core::ChannelView> known, media::MediaKeeper* media,
                         std::vector<ChannelKind> kinds)
    : base_(base),
      producer_(producer),
      shared_(shared),
      places_(std::move(places)),
      known_(std::move(known)),
      kinds_(std::move(kinds)),
      timer_(
          base, [this] { turn(); }, loop::Timer::Again::yes),
      soon_(base, [this] { turn(); }) {
  means_.media = media;
  timer_.start(kTurn);
}

ChannelHost::~ChannelHost() = default;

const ChannelKind* ChannelHost::kind_of(const config::ChannelConfig& channel) const {
  const auto found =
      std::ranges::find_if(kinds_, [&](const ChannelKind& kind) { return kind.serves(channel); });
  return found == kinds_.end() ? nullptr : &*found;
}

std::unique_ptr<ChannelHost::Account> ChannelHost::make_account(const Key& key) {
  auto account = std::make_unique<Account>(producer_, key);
  const auto known = std::ranges::find_if(known_, [&](const core::ChannelView& row) {
    return row.name == key.first && row.account == key.second;
  });
  if (known != known_.end()) {
    account->reports.remember(known->identity, known->position, known->position_of);
    account->wanted = known->wanted;
  }
  return account;
}

void ChannelHost::make_http(const std::vector<config::ChannelConfig>& channels) {
  std::vector<std::string> hosts;
  bool wanted = false;
  for (const config::ChannelConfig& channel : channels) {
    const ChannelKind* kind = channel.enabled ? kind_of(channel) : nullptr;
    if (kind == nullptr || kind->hosts == nullptr) continue;
    wanted = true;
    std::ranges::move(kind->hosts(channel), std::back_inserter(hosts));
  }
  config::sort_unique(hosts);
  if (!wanted || (means_.http != nullptr && hosts == hosts_)) return;
  hosts_ = std::move(hosts);
  means_.http = std::make_shared<http::HttpClient>(base_, http::OutboundPolicy{.hosts = hosts_});
}

void ChannelHost::apply(const std::vector<config::ChannelConfig>& channels) {
  make_http(channels);
  order_.clear();
  not_served_.clear();
  for (const config::ChannelConfig& channel : channels) {
    const ChannelKind* kind = kind_of(channel);
    if (!channel.enabled) continue;
    if (kind == nullptr) {
      if (config::is_not_served(channel)) not_served_.push_back(channel.name);
      continue;
    }
    for (const std::string& account : kind->accounts(channel))
      want(channel, *kind, account);
  }
  for (auto& [key, account] : accounts_) {
    if (std::ranges::find(order_, key) != order_.end()) continue;
    account->kind = nullptr;
    drop(*account, fb::ChannelState::stopped, "");
  }
  publish();
  soon_.fire_soon();
}

void ChannelHost::want(const config::ChannelConfig& channel, const ChannelKind& kind,
                       const std::string& name) {
  const Key key{channel.name, name};
  if (std::ranges::find(order_, key) != order_.end()) return;
  if (order_.size() == limits::kChannelAccountsMax) {
    kLog.error("{}: more than {} accounts of channels; it is left out", printable(channel.name),
               limits::kChannelAccountsMax);
    return;
  }
  order_.push_back(key);
  std::unique_ptr<Account>& account = accounts_[key];
  if (account == nullptr) account = make_account(key);
  const auto& latest = account->next != nullptr ? account->next : account->config;
  // One whose client is another from now on is started anew, too.
  const bool same_client = kind.hosts == nullptr || account->http.lock() == means_.http;
  if (account->kind == &kind && same_client && kind.same(*latest, channel)) return;
  account->http = means_.http;
  if (account->channel != nullptr) {
    kLog.info("{}: its settings changed, it is started anew", shown(account->reports));
    drop(*account, fb::ChannelState::starting, "");
  }
  account->next = std::make_shared<const config::ChannelConfig>(channel);
  account->kind = &kind;
  account->faults = 0;
  account->due_ms = 0;
  account->hopeless = false;
  if (account->wanted != fb::ChannelSwitch::on) return rest(*account);
  account->reports.state(fb::ChannelState::starting);
}

void ChannelHost::rest(Account& account) {
  const bool out = account.wanted == fb::ChannelSwitch::logged_out;
  const Key key{account.reports.channel(), account.reports.account()};
  const std::string name =
      key.second.empty() ? key.first : fmt::format("{} --account {}", key.first, key.second);
  drop(account, out ? fb::ChannelState::logged_out : fb::ChannelState::stopped,
       fmt::format("It was {} by request. To start it: spine channels start {}",
                   out ? "logged out" : "stopped", name));
}

void ChannelHost::switch_to(const pipeline::SwitchItem& item) {
  const Key key{item.channel, item.account};
  const auto found = accounts_.find(key);
  // One that is configured later begins with what is wanted of it.
  const auto known = std::ranges::find_if(known_, [&](const core::ChannelView& row) {
    return row.name == key.first && row.account == key.second;
  });
  if (known != known_.end()) {
    known->wanted = item.to;
  } else {
    known_.push_back({.name = key.first, .account = key.second, .wanted = item.to});
  }
  if (found == accounts_.end() || found->second->kind == nullptr) return;
  Account& account = *found->second;
  account.wanted = item.to;
  kLog.info("{}: {} by request", shown(account.reports),
            item.to == fb::ChannelSwitch::on ? "started" : "stopped");
  if (item.to != fb::ChannelSwitch::on) {
    rest(account);
  } else {
    account.faults = 0;
    account.due_ms = 0;
    account.hopeless = false;
    account.reports.state(fb::ChannelState::starting);
  }
  publish();
  soon_.fire_soon();
}

// The state comes first: what fails must not be tried again at once.
void ChannelHost::drop(Account& account, fb::ChannelState state, std::string_view problem) {
  account.running = false;
  account.faulted = false;
  account.due_wall_ms = 0;
  account.reports.state(state, problem);
  if (account.channel == nullptr || account.stopped_ms != 0) return;
  account.stopped_ms = std::max<std::uint64_t>(pipeline::boottime_now_ms(), 1);
  const std::string thrown = guarded([&] { account.channel->stop(); });
  if (!thrown.empty()) kLog.error("{}: stopping it: {}", shown(account.reports), thrown);
  const auto open = account.reports.open();
  for (const auto& [delivery, effect] : open) {
    account.reports.failed(
        DeliveryId{delivery}, effect,
        {.kind = fb::DeliveryFailure::unknown,
         .reason = "The channel was stopped and did not say what became of it."});
  }
  // A channel may have reported a state while it stopped.
  account.reports.state(state, problem);
}

void ChannelHost::fault(Account& account, std::string_view why) {
  if (stopping_ || account.faulted || account.stopped_ms != 0) return;
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  if (account.running && now_ms - account.started_ms >= kSteadyMs) account.faults = 0;
  account.running = false;
  account.faulted = true;
  account.faults += 1;
  const std::uint64_t wait_ms =
      agents::back_off_ms(kBackOffMs, account.faults, pipeline::random128().lo);
  account.due_ms = now_ms + wait_ms;
  account.due_wall_ms = pipeline::wall_now_ms() + static_cast<std::int64_t>(wait_ms);
  account.reports.state(fb::ChannelState::down, why);
  kLog.warn("{}: {} It is started again in {}.", shown(account.reports), printable(why),
            show_duration_ms(wait_ms));
  soon_.fire_soon();
}

void ChannelHost::start(Account& account) {
  if (account.next != nullptr) account.config = std::move(account.next);
  account.started_ms = pipeline::boottime_now_ms();
  account.due_wall_ms = 0;
  account.reports.state(fb::ChannelState::starting);
  Status started = ok();
  const std::string thrown = guarded([&] {
    account.channel = account.kind->make(
        {.base = base_,
         .reports = account.reports,
         .config = *account.config,
         .give_up = [this, &account](std::string_view why) { fault(account, why); }},
        account.reports.account(), means_);
    account.running = true;
    started = account.channel->start();
  });
  if (!thrown.empty()) return fault(account, thrown);
  if (started) return show_work(account);
  if (started.error().code != Errc::invalid_argument)
    return fault(account, started.error().message);
  account.hopeless = true;
  kLog.error("{}: {}", shown(account.reports), printable(started.error().message));
  drop(account, fb::ChannelState::down, started.error().message);
}

void ChannelHost::step(Account& account) {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  if (account.faulted && account.channel != nullptr && account.stopped_ms == 0) {
    const std::int64_t due_wall_ms = account.due_wall_ms;
    drop(account, fb::ChannelState::down, std::string(account.reports.now().problem));
    account.due_wall_ms = due_wall_ms;
  }
  if (account.stopped_ms != 0) {
    const bool patient = now_ms - account.stopped_ms < kStopMsMax;
    if (account.channel != nullptr && !account.channel->ended() && patient) return;
    account.channel.reset();
    account.stopped_ms = 0;
  }
  const bool wanted = account.kind != nullptr && !account.hopeless && !stopping_ &&
                      account.wanted == fb::ChannelSwitch::on;
  if (!wanted || account.channel != nullptr || account.due_ms > now_ms) return;
  if (account.faults != 0) account.restarts += 1;
  account.faulted = false;
  start(account);
}

void ChannelHost::turn() {
  for (const auto& [key, account] : accounts_)
    step(*account);
  std::erase_if(accounts_, [](const auto& entry) {
    return entry.second->kind == nullptr && entry.second->channel == nullptr;
  });
  publish();
}

void ChannelHost::deliver(const pipeline::DeliverItem& item) {
  const auto found = accounts_.find(Key{item.channel, item.account});
  const auto refuse = [&](Reports& reports, std::string_view reason,
                          fb::DeliveryFailure kind = fb::DeliveryFailure::not_ready) {
    reports.failed(item.delivery, item.effect,
                   {.kind = kind, .reason = reason, .pieces = item.pieces});
  };
  if (found == accounts_.end()) {
    Reports nobody(producer_, std::string(item.channel), std::string(item.account));
    return refuse(nobody, "The configuration has no such channel any more.");
  }
  Account& account = *found->second;
  if (!item.problem.empty()) {
    return refuse(account.reports, item.problem, fb::DeliveryFailure::permanent);
  }
  if (draining_) return refuse(account.reports, "The gateway stops.");
  if (!account.running || !core::is_usable(account.reports.now().state))
    return refuse(account.reports, "The channel is not connected.");
  account.reports.given(item.delivery, item.effect);
  const std::string thrown = guarded([&] { account.channel->deliver(item); });
  if (thrown.empty()) return;
  fault(account, thrown);
  if (!account.reports.open().contains(item.delivery.value)) return;
  account.reports.failed(
      item.delivery, item.effect,
      {.kind = fb::DeliveryFailure::unknown, .reason = thrown, .pieces = item.pieces});
}

template <class Call>
void ChannelHost::ask(Account& account, Call&& call) {
  const std::string thrown = guarded([&] { call(*account.channel); });
  if (!thrown.empty()) fault(account, thrown);
}

void ChannelHost::read_up_to(const pipeline::ReadUpToItem& item) {
  const auto found = accounts_.find(Key{item.channel, item.account});
  if (found == accounts_.end()) return;
  Account& account = *found->second;
  account.reports.acknowledged(item.identity, item.position);
  if (!account.running) return;
  ask(account, [&](Channel& channel) { channel.acknowledged(item.identity, item.position); });
}

ChannelHost::Account* ChannelHost::running(std::string_view channel, std::string_view account) {
  const auto found = accounts_.find(Key{channel, account});
  const bool runs = found != accounts_.end() && found->second->running;
  return runs ? found->second.get() : nullptr;
}

void ChannelHost::work(const pipeline::WorkItem& item) {
  Account* account = running(item.channel, item.account);
  if (!item.working) {
    const bool known = board_.end(item.run);
    const auto found = accounts_.find(Key{item.channel, item.account});
    if (found != accounts_.end()) found->second->reports.forget_preview(item.run);
    if (!known || account == nullptr) return;
    return ask(*account, [&](Channel& channel) { channel.end_work(item.run); });
  }
  if (board_.begin(item) == nullptr || account == nullptr) return;
  ask(*account, [&](Channel& channel) { channel.begin_work(item); });
}

void ChannelHost::delta(const pipeline::DeltaItem& item) {
  const BoardEntry* entry = board_.add(item);
  if (entry == nullptr) return;
  Account* account = running(entry->channel, entry->account);
  if (account == nullptr) return;
  ask(*account, [&](Channel& channel) { channel.show_text(item.run, entry->text, entry->behind); });
}

// What it has to know of runs that are worked on since before its start.
void ChannelHost::show_work(Account& account) {
  ask(account, [&](Channel& channel) {
    const Reports& reports = account.reports;
    board_.for_each(reports.channel(), reports.account(), [&](RunId run, const BoardEntry& entry) {
      pipeline::WorkItem item = entry.item(run);
      if (const std::string* preview = reports.preview_of(run); preview != nullptr) {
        item.previewed = true;
        item.preview_id = *preview;
      }
      channel.begin_work(item);
      if (!entry.text.empty()) channel.show_text(run, entry.text, entry.behind);
    });
  });
}

// Without a name it is the account without one, which is also called "default", or the only one.
ChannelHost::Account* ChannelHost::account_of(const Webhook& request) const {
  const std::string channel = lower_case(request.channel);
  const std::string name(request.account == "default" ? "" : request.account);
  const auto found = accounts_.find(Key{channel, name});
  if (found != accounts_.end()) return found->second.get();
  const auto of_channel = [&](const auto& entry) { return entry.first.first == channel; };
  if (!request.account.empty() || std::ranges::count_if(accounts_, of_channel) != 1) return nullptr;
  return std::ranges::find_if(accounts_, of_channel)->second.get();
}

void ChannelHost::webhook(const Webhook& request, const AnswerWebhook& answer) {
  Account* account = account_of(request);
  if (account == nullptr || !account->running || stopping_) return answer(404, {});
  const std::string thrown = guarded([&] { account->channel->webhook(request, answer); });
  if (!thrown.empty()) fault(*account, thrown);
}

void ChannelHost::stop() {
  stopping_ = true;
  for (const auto& [key, account] : accounts_)
    drop(*account, fb::ChannelState::stopped, "");
  publish();
}

bool ChannelHost::drained() const {
  return std::ranges::all_of(
      accounts_, [](const auto& entry) { return entry.second->reports.open().empty(); });
}

bool ChannelHost::ended() const {
  return std::ranges::all_of(accounts_, [](const auto& entry) {
    return entry.second->channel == nullptr || entry.second->channel->ended();
  });
}

std::string ChannelHost::summary() const {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view what) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, what);
  };
  for (const Key& key : order_) {
    const Reports& reports = accounts_.at(key)->reports;
    add(shown(reports), core::enum_name(reports.now().state));
  }
  for (const std::string& name : not_served_)
    add(printable(name), "not served here");
  return text.empty() ? "none" : text;
}

void ChannelHost::publish() {
  auto report = std::make_unique<pipeline::ChannelsReport>();
  for (const Key& key : order_) {
    const Account& account = *accounts_.at(key);
    const AccountState& now = account.reports.now();
    report->channels.push_back(
        {.name = key.first,
         .account = key.second,
         .kind = std::string(account.kind->name),
         .state = std::string(core::enum_name(now.state)),
         .problem = now.problem,
         .identity = now.identity,
         .since_wall_ms = now.since_wall_ms,
         .last_exchange_wall_ms = now.last_exchange_wall_ms,
         .restarts = account.restarts,
         .restart_wall_ms = account.due_wall_ms,
         .in_flight = static_cast<std::uint32_t>(account.reports.open().size())});
  }
  for (const std::string& name : not_served_)
    report->channels.push_back({.name = name, .state = "not served"});
  shared_.channels.put(std::move(report));
}

}  // namespace spine::channels
