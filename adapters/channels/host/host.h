// ChannelHost: the accounts of channels: made from the configuration, started, watched, started
// again, stopped.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/channels/host/kinds.h"
#include "adapters/channels/host/work_board.h"
#include "adapters/channels/interface/channel.h"
#include "adapters/channels/interface/reports.h"
#include "adapters/loop/timer.h"
#include "engine/config/settings/channel_config.h"
#include "engine/core/model/views.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/items/reports.h"
#include "engine/pipeline/queues/shared.h"

namespace spine::channels {

// No channel takes down another or the process: what it throws is a fault like any other, after
// which it is started again. Thread: loop (the main thread before the loop starts).
class ChannelHost {
 public:
  // All outlive it. `places`: what programs must not see. `known`: the accounts as the journal has
  // them. `media` keeps the files of messages; null = none can be kept.
  ChannelHost(event_base* base, pipeline::IngressProducer& producer, pipeline::Shared& shared,
              agents::GatewayPlaces places, std::vector<core::ChannelView> known,
              media::MediaKeeper* media, std::vector<ChannelKind> kinds = channel_kinds());
  ~ChannelHost();
  ChannelHost(const ChannelHost&) = delete;
  ChannelHost& operator=(const ChannelHost&) = delete;

  // Makes the accounts those of the configuration: new ones are started from the loop, absent ones
  // stopped, those whose settings changed started anew; the rest goes on.
  void apply(const std::vector<config::ChannelConfig>& channels);
  // Gives it to its account. Failed as not_ready where there is none, or it is not connected.
  void deliver(const pipeline::DeliverItem& item);
  // What an account was read up to is in the journal: tells it.
  void read_up_to(const pipeline::ReadUpToItem& item);
  // Gives it to its account; 404 where there is none, or none that has a webhook.
  void webhook(const Webhook& request, const AnswerWebhook& answer);
  // The gateway is about to stop: no delivery is begun any more.
  void begin_stop() { draining_ = true; }
  // Whether none is under way.
  bool drained() const;
  // A run whose answer goes to an account is worked on, or not any more.
  void work(const pipeline::WorkItem& item);
  // A piece of such an answer.
  void delta(const pipeline::DeltaItem& item);
  // Somebody wants the account to run, or not to: it stays so under any configuration.
  void switch_to(const pipeline::SwitchItem& item);
  // The gateway stops: every delivery under way is reported before it returns, and none is begun
  // any more.
  void stop();
  // After stop(): whether nothing is left of any channel.
  bool ended() const;
  // "telegram: starting; slack: not served here", for people; "none".
  std::string summary() const;

 private:
  struct Account;
  using Key = std::pair<std::string, std::string>;  // channel, account

  Account* account_of(const Webhook& request) const;
  const ChannelKind* kind_of(const config::ChannelConfig& channel) const;
  void want(const config::ChannelConfig& channel, const ChannelKind& kind,
            const std::string& account);
  std::unique_ptr<Account> make_account(const Key& key);
  void drop(Account& account, fb::ChannelState state, std::string_view problem);
  // Says what it is instead of running, which nobody wants of it.
  void rest(Account& account);
  void start(Account& account);
  void fault(Account& account, std::string_view why);
  // The next step of an account: destroyed once it has ended, started when it is due.
  void step(Account& account);
  // The account, if its channel runs; else null.
  Account* running(std::string_view channel, std::string_view account);
  // Calls its channel; what it throws is a fault.
  template <class Call>
  void ask(Account& account, Call&& call);
  void show_work(Account& account);
  void turn();
  void publish();
  // The client that calls platforms, for such accounts as need one: a new one where they have to
  // reach other hosts than before.
  void make_http(const std::vector<config::ChannelConfig>& channels);

  event_base* base_;
  pipeline::IngressProducer& producer_;
  pipeline::Shared& shared_;
  agents::GatewayPlaces places_;
  HostMeans means_{.gateway = places_};
  std::vector<core::ChannelView> known_;
  std::vector<ChannelKind> kinds_;
  std::map<Key, std::unique_ptr<Account>> accounts_;
  std::vector<Key> order_{};               // as configured
  std::vector<std::string> not_served_{};  // channels
  WorkBoard board_{};
  std::vector<std::string> hosts_{};  // that the client may call beside public ones
  loop::Timer timer_;
  loop::Timer soon_;
  bool draining_{};
  bool stopping_{};
};

}  // namespace spine::channels
