// The fixture's verbs.
#include "tests/unit/websocket/fixture.h"

#include <utility>

#include "schemas/event_verify.h"

namespace spine::test {

json channel_message(const std::string& external_id, const std::string& text,
                     const std::string& sender) {
  return {{"channel", "telegram"},
          {"sender", {{"id", sender}, {"name", "Alice"}}},
          {"conversation", {{"kind", "direct"}, {"id", sender}}},
          {"externalId", external_id},
          {"content", {{"text", text}}},
          {"timestamp", 1'700'000'000'000}};
}

json ProtocolClient::connect_params(const std::vector<std::string>& scopes) {
  return {
      {"minProtocol", 4},
      {"maxProtocol", 4},
      {"client", {{"id", "cli"}, {"version", "2026.9.6"}, {"platform", "linux"}, {"mode", "cli"}}},
      {"auth", {{"token", kToken}}},
      {"role", "operator"},
      {"scopes", scopes}};
}

json ProtocolClient::request(const std::string& id, const std::string& method, const json& params) {
  return {{"type", "req"}, {"id", id}, {"method", method}, {"params", params}};
}

bool ProtocolClient::greet(std::uint16_t port) {
  if (!ws.open(port)) return false;
  const json challenge = next();
  return challenge.value("event", "") == "connect.challenge";
}

json ProtocolClient::hello(std::uint16_t port, const std::vector<std::string>& scopes) {
  if (!greet(port)) return nullptr;
  send(request("c", "connect", connect_params(scopes)));
  const json answer = response("c");
  return answer.is_object() && answer.value("ok", false) ? answer["payload"] : json(nullptr);
}

json ProtocolClient::frame(int timeout_ms) {
  const auto text = ws.read_text(timeout_ms);
  return text ? json::parse(*text) : json(nullptr);
}

json ProtocolClient::next(int timeout_ms) {
  while (true) {
    json got = frame(timeout_ms);
    if (!got.is_object() || got.value("event", "") != "presence") return got;
    events.push_back(std::move(got));
  }
}

json ProtocolClient::response(const std::string& id, int timeout_ms) {
  while (true) {
    json got = next(timeout_ms);
    if (got.is_null()) return got;
    if (got["type"] == "res" && got["id"] == id) return got;
    if (got["type"] == "event") events.push_back(std::move(got));
  }
}

json ProtocolClient::call(const std::string& method, const json& params) {
  const std::string id = std::to_string(next_id_++);
  send(request(id, method, params));
  return response(id);
}

json ProtocolClient::event(const std::string& name, int timeout_ms) {
  for (auto it = events.begin(); it != events.end(); ++it) {
    if ((*it)["event"] != name) continue;
    json found = std::move(*it);
    events.erase(it);
    return found;
  }
  while (true) {
    json got = frame(timeout_ms);
    if (got.is_null()) return got;
    if (got["type"] == "event" && got["event"] == name) return got;
    if (got["type"] == "event") events.push_back(std::move(got));
  }
}

NetTest::NetTest() {
  config_.agents = {config::AgentConfig{.id = "main", .name = "Main"}};
  config_.redacted_json = R"({"gateway":{"auth":{"token":"__OPENCLAW_REDACTED__"}}})";
  config_.exists = true;
  config_.raw = config_.redacted_json;
  config_.default_dm_policy = fb::DmPolicy::open;
  config_.messages_per_minute = 0;
}

void NetTest::start(net::NetOptions options) {
  stop();
  state_dir_.clear();
  run(std::move(options));
}

void NetTest::restart() {
  stop();
  run({});
}

void NetTest::run(net::NetOptions options) {
  shared_ = std::make_unique<pipeline::Shared>();
  ingress_ = std::make_unique<pipeline::Ingress>();
  options.token = kToken;
  options.config = &config_;
  options.version = "0.1.0-test";
  auto server = net::NetServer::bind(std::move(options), *shared_, *ingress_);
  ASSERT_TRUE(server) << server.error().message;
  server_ = std::move(server).value();
  engine_ = std::make_unique<LiveEngine>(*shared_, *ingress_, server_->outbox(), config_,
                                         state_dir_.path());
  server_->start();
}

void NetTest::stop() {
  if (engine_ == nullptr) return;
  server_->hand_in_rest();
  engine_.reset();
  server_->join();
  server_.reset();
  ingress_.reset();
  state_dir_.for_each_event([](const EventView& event) {
    EXPECT_TRUE(verify_event_body(event.header.kind, event.body)) << event.seq.value;
  });
}

std::vector<Recorded> NetTest::recorded(fb::EventBody kind) {
  stop();
  std::vector<Recorded> found;
  state_dir_.for_each_event([&](const EventView& event) {
    if (event.header.kind != static_cast<std::uint16_t>(kind)) return;
    found.push_back({.header = event.header, .body = core::KeptBody{event.body}});
  });
  return found;
}

std::string NetTest::http(const std::string& request) {
  WsClient client;
  if (!client.connect(port())) return "";
  client.send_bytes(request);
  return client.read_all();
}

}  // namespace spine::test
