// FakeEngine: answers the inputs of a NetServer as the engine would, from memory, for tests.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "engine/pipeline/ingress.h"
#include "engine/pipeline/messages.h"
#include "engine/pipeline/outbox.h"
#include "engine/pipeline/shared.h"

#include "event_generated.h"

namespace spine::test {

// What a message's text makes it do: "reject", "limit", "full" are refused so; "hang" starts a run
// that does not end; "fail" one that fails, "give up" one that failed often; "crash" one whose
// first attempt is interrupted; "late" one that does not end, and a piece of the third attempt of
// run "late", whose start it tells nobody of; "tool" one that uses a tool; "ask" one that asks
// "exec" questions, "ask plugin" the others, and does not end; "join" waits for the session's
// active run, which then ends for both. Anything else is answered "echo: <text>" in two pieces. It
// knows no device and nobody who waits to be paired, and accepts every change of them. Thread: its
// own, between construction and destruction.
class FakeEngine {
 public:
  FakeEngine(pipeline::Shared& shared, pipeline::Ingress& ingress, pipeline::Outbox& net);
  ~FakeEngine();
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  // While held, inputs stay in the queue.
  void hold(bool held) { held_.store(held); }
  // Writes the stopping item.
  void announce_stop() { announce_.store(true); }
  std::uint64_t inputs() const { return inputs_.load(); }
  std::uint64_t disconnects() const { return disconnects_.load(); }
  // ConnectsRefused events, and the connects they count.
  std::uint64_t refusal_reports() const { return refusal_reports_.load(); }
  std::uint64_t refused_connects() const { return refused_connects_.load(); }
  // Bodies that did not pass the verifier: none should.
  std::uint64_t invalid() const { return invalid_.load(); }
  // Of the last message that came in.
  fb::QueueMode queue_mode() const { return queue_mode_.load(); }
  bool untrusted() const { return untrusted_.load(); }
  // Of the last approval that was resolved.
  fb::DecidedVia decided_via() const { return decided_via_.load(); }
  // Lets the oldest approval that waits run out.
  void expire_approval() { expire_.store(true); }

 private:
  struct Event {
    EventView view{};
    std::vector<std::uint64_t> body{};
  };
  struct Session {
    core::SessionView view{};
    std::string key{};
    std::string agent{};
    std::string active{};
    std::vector<Event> events{};
  };
  struct Run {
    core::RunView view{};
    std::string key{};
    std::string agent{};
    std::string session{};
    Event end{};
  };

  struct Asked {
    core::ApprovalView view{};
    std::string run{};
    std::string session{};
  };

  void run();
  // fake_engine_agents.cc: false when the text is none of theirs.
  bool act_out(const std::string& text, Session& session, Run& run);
  void join(const pipeline::InputHeader& header, Session& session, const std::string& key);
  void crash_once(Session& session, Run& run);
  void use_tool(Session& session, Run& run);
  void ask(Session& session, Run& run, fb::ApprovalKind kind);
  void delta(const Session& session, const Run& run, std::string_view piece);
  void publish_built(fb::EventBody kind, Session* session, Run* run);
  void resolve_approval(const pipeline::InputHeader& header, ByteSpan body);
  void publish_resolved(std::uint64_t request, fb::ApprovalDecision decision, fb::DecidedVia via);
  void expire_oldest();
  void change_agent(const pipeline::InputHeader& header, ByteSpan body);
  void query_approvals(const pipeline::InputHeader& header);
  void handle(const pipeline::InputHeader& header, ByteSpan whole);
  void note_refused(ByteSpan body);
  void message(const pipeline::InputHeader& header, ByteSpan body);
  bool refuse(const pipeline::InputHeader& header, const fb::MessageReceived& message);
  void start_run(const pipeline::InputHeader& header, Session& session, const std::string& key,
                 const fb::MessageReceived& message);
  void end_run(Run& run, fb::EventBody kind);
  void abort(const pipeline::InputHeader& header, const pipeline::InputNames& names);
  void close_session(const pipeline::InputHeader& header, std::string_view typed, bool reset);
  void patch(const pipeline::InputHeader& header, std::string_view typed);
  void resolve_keys(const pipeline::InputHeader& header, std::string_view list);
  void query(const pipeline::InputHeader& header, std::string_view text);
  // Those about sessions and runs; false when it is another one.
  bool query_state(const pipeline::InputHeader& header, std::string_view text);
  void query_sessions(const pipeline::InputHeader& header, std::string_view text);
  Session& session_of(const std::string& key);
  Session* find_session(const std::string& key);
  // Empty = no session can have it.
  std::string key_of(std::string_view typed) const;
  void publish(const EventView& event, Session* session, Run* run, const Asked* asked = nullptr);
  Event make_event(fb::EventBody kind, ByteSpan body);
  void reply(const pipeline::InputHeader& header, const core::Reply& reply,
             std::string_view session_key = {}, std::string_view run_key = {});

  pipeline::Shared& shared_;
  pipeline::Ingress& ingress_;
  pipeline::OutboxProducer& out_;
  std::uint64_t seq_{1};
  std::map<std::string, Session> sessions_{};
  std::map<std::string, Run> runs_{};
  std::map<std::string, std::uint64_t> seen_{};
  std::map<std::uint64_t, Asked> asked_{};  // by request
  flatbuffers::FlatBufferBuilder builder_{};
  std::atomic<bool> held_{false};
  std::atomic<bool> announce_{false};
  std::atomic<bool> expire_{false};
  std::atomic<fb::QueueMode> queue_mode_{};
  std::atomic<bool> untrusted_{false};
  std::atomic<fb::DecidedVia> decided_via_{};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> inputs_{0};
  std::atomic<std::uint64_t> disconnects_{0};
  std::atomic<std::uint64_t> refusal_reports_{0};
  std::atomic<std::uint64_t> refused_connects_{0};
  std::atomic<std::uint64_t> invalid_{0};
  std::thread thread_{};
};

}  // namespace spine::test
