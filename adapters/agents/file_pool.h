// FilePool: a few threads that read and write files for agents, so that the loop thread does not.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "adapters/loop/timer.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {

// Thread: loop, but for what the jobs do. One job of an agent is done at a time, in the order of an
// asker's calls; the agent that was served longest ago is next, so one that asks for much waits and
// the others do not. The threads are made when the first job comes. The destructor waits for the
// jobs that are being done, and their results and all that wait are dropped.
class FilePool {
 public:
  using Job = std::function<std::string()>;  // done on a thread of the pool; must not throw
  using Done = std::function<void(std::string&& result)>;  // called from the loop
  using Asker = std::uint64_t;

  // `base` outlives it.
  explicit FilePool(event_base* base, std::size_t threads = limits::kFileThreads);
  ~FilePool();
  FilePool(const FilePool&) = delete;
  FilePool& operator=(const FilePool&) = delete;

  // One process of the agent. `done` gets the results of its jobs, in order; from within, any call
  // to the pool may be made.
  Asker open(std::string_view agent, Done done);
  // Nothing more is done for it, and nothing told.
  void close(Asker asker);
  // `bytes`: what the job holds while it waits.
  void submit(Asker asker, Job job, std::size_t bytes);
  // While it is held no job of it begins: it has not read the results it got.
  void hold(Asker asker, bool held);
  // As much of it waits as may: it is to be read no more until that is less. One that is held has
  // much more room: many programs cannot read while they write, so that one that is stopped in the
  // middle of its questions would never read an answer.
  bool is_full(Asker asker) const;

 private:
  struct Waiting {
    Job job{};
    std::size_t bytes{};
  };
  struct Agent {
    std::uint64_t served{};  // when, in jobs begun; 0 = never
    std::uint32_t askers{};
    bool busy{};
  };
  struct Row {
    std::string agent{};
    Done done{};
    std::deque<Waiting> waiting{};
    std::size_t bytes{};  // that wait
    std::uint64_t served{};
    bool held{};
  };
  enum class State : std::uint32_t { idle, given, done, stop };
  // What is passed to and fro belongs to whoever `state` says: the thread while it is `given`, the
  // loop otherwise.
  struct Worker {
    std::atomic<State> state{State::idle};
    Job job{};
    std::string result{};
    Asker asker{};
    std::string agent{};
    std::thread thread{};
  };

  void start_threads();
  void work(Worker& worker) const;
  void give_out();
  Row* next_row(Asker& asker);
  void collect();
  static void on_done(evutil_socket_t, short, void* self);

  std::size_t threads_;
  UniqueFd wake_{};
  loop::EventPtr event_{};
  std::vector<std::unique_ptr<Worker>> workers_{};
  std::map<Asker, Row> rows_{};
  std::map<std::string, Agent, std::less<>> agents_{};
  Asker last_asker_{};
  std::uint64_t begun_{};
  event_base* base_;
};

}  // namespace spine::agents
