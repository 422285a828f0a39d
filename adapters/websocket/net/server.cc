// Putting the net thread together.
#include "adapters/websocket/net/server.h"

#include <algorithm>
#include <optional>
#include <pthread.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "adapters/websocket/net/net_loop.h"
#include "adapters/websocket/net/switchboard.h"
#include "adapters/websocket/protocol/net_log.h"
#include "schemas/vocab/check.h"

namespace spine::net {
namespace {

constexpr rlim_t kOtherDescriptors = 1'024;  // journal, logs, agents, HTTP

// Every connection is a descriptor: the soft limit goes up to what they may take.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = limits::kConnectionsMax + limits::kUnauthenticatedMax + kOtherDescriptors;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    kLog.warn("the limit of open files stays low: fewer connections fit");
  }
}

}  // namespace

struct NetServer::State {
  State(NetOptions net_options, pipeline::Shared& shared, pipeline::Ingress& ingress)
      : options(std::move(net_options)),
        producer(ingress.add_producer(&State::wake, this)),
        switchboard(options, shared, producer),
        outbox(&State::wake, this) {}

  // Thread: any.
  static void wake(void* context) {
    auto* state = static_cast<State*>(context);
    if (state->loop != nullptr) state->loop->wake();
  }

  NetOptions options;
  pipeline::IngressProducer& producer;
  Switchboard switchboard;
  pipeline::Outbox outbox;
  std::unique_ptr<NetLoop> loop{};
  std::optional<ControlSocket> control{};
  std::uint16_t port{};
  std::thread thread{};
};

NetServer::NetServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

NetServer::~NetServer() {
  join();
}

Result<std::unique_ptr<NetServer>> NetServer::bind(NetOptions options, pipeline::Shared& shared,
                                                   pipeline::Ingress& ingress) {
  SPINE_CHECK(options.config != nullptr);
  raise_descriptor_limit();
  SPINE_TRY(ListeningSockets sockets, listen_on(options.addresses, options.port));
  const std::uint16_t port = sockets.port;
  auto state = std::make_unique<State>(std::move(options), shared, ingress);
  SPINE_TRY(state->loop, NetLoop::create(state->switchboard, state->producer, std::move(sockets)));
  state->port = port;
  return std::unique_ptr<NetServer>(new NetServer(std::move(state)));
}

std::uint16_t NetServer::port() const {
  return state_->port;
}
pipeline::Outbox& NetServer::outbox() {
  return state_->outbox;
}

Status NetServer::listen_control(const std::string& path) {
  SPINE_CHECK(!state_->thread.joinable());
  SPINE_TRY(state_->control, ControlSocket::listen(path));
  return state_->loop->listen_control(state_->control->release());
}

void NetServer::set_identity(GatewayIdentity identity) {
  SPINE_CHECK(!state_->thread.joinable());
  state_->options.identity = std::move(identity);
}

void NetServer::set_token(std::string token) {
  SPINE_CHECK(!state_->thread.joinable());
  state_->options.token = std::move(token);
}

void NetServer::set_config(const config::Config* config) {
  // release: pairs with the acquire in Context::config().
  state_->switchboard.context().live_config.store(config, std::memory_order_release);
}

void NetServer::start() {
  SPINE_CHECK(!state_->thread.joinable());
  state_->thread = std::thread([state = state_.get()] {
    ::pthread_setname_np(::pthread_self(), "net");
    state->loop->run(state->outbox);
  });
}

void NetServer::hand_in_rest() {
  if (!state_->thread.joinable() || state_->loop->hand_in_rest()) return;
  kLog.error("what was gathered to be told once in a while is lost: the net thread is stuck");
}

void NetServer::stop() {
  state_->loop->request_stop();
}

void NetServer::join() {
  stop();
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace spine::net
