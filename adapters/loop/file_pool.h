// FilePool: a few threads that read and write files, so that the loop thread does not.
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

namespace spine::loop {

// For agents and for the media of channels; `agent` is whichever of them. Thread: loop; only jobs
// run on the pool's threads. At most one job of an agent runs at a time;
// jobs of an asker run in order. Scheduling is fair: the agent served longest ago is next. The
// threads are started with the first job. The destructor waits for running jobs; their results and
// all queued jobs are dropped.
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

  // Registers one process of the agent. `done` gets the results of its jobs, in order, and may call
  // any member of the pool.
  Asker open(std::string_view agent, Done done);
  // Drops its queued jobs; `done` is not called any more.
  void close(Asker asker);
  // `bytes`: memory that the job holds while it is queued.
  void submit(Asker asker, Job job, std::size_t bytes);
  // While held, no job of this asker starts: its process has not read the earlier results yet.
  void hold(Asker asker, bool held);
  // Backpressure: its queue is full, so its process's output is not to be read. A held asker may
  // queue much more: many programs do not read while they write, so one that is stopped in the
  // middle of its requests would never read a response (deadlock).
  bool is_full(Asker asker) const;

 private:
  struct Waiting {
    Job job{};
    std::size_t bytes{};
  };
  struct Agent {
    std::uint64_t served{};  // last served: value of begun_; 0 = never
    std::uint32_t askers{};
    bool busy{};
  };
  struct Row {
    std::string agent{};
    Done done{};
    std::deque<Waiting> waiting{};
    std::size_t bytes{};  // of `waiting`
    std::uint64_t served{};
    bool held{};
  };
  enum class State : std::uint32_t { idle, given, done, stop };
  // `state` says which thread owns the other members: the worker's while it is `given`, the loop
  // thread otherwise.
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
  EventPtr event_{};
  std::vector<std::unique_ptr<Worker>> workers_{};
  std::map<Asker, Row> rows_{};
  std::map<std::string, Agent, std::less<>> agents_{};
  Asker last_asker_{};
  std::uint64_t begun_{};
  event_base* base_;
};

}  // namespace spine::loop
