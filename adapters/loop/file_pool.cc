// Only the loop thread schedules: a worker has one job at a time and no queue, so no lock is
// needed. An eventfd tells the loop of results.
#include "adapters/loop/file_pool.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/check.h"

namespace spine::loop {
namespace {

constexpr std::size_t kJobBytes = 256;  // overhead of a queued job, besides what it holds

}  // namespace

FilePool::FilePool(event_base* base, std::size_t threads)
    : threads_(threads), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), base_(base) {
  SPINE_CHECK(wake_);
}

FilePool::~FilePool() {
  for (const auto& worker : workers_) {
    State state = worker->state.load(std::memory_order_acquire);
    // Wait for a running job: the worker changes the state when it is done.
    while (state == State::given) {
      worker->state.wait(state, std::memory_order_acquire);
      state = worker->state.load(std::memory_order_acquire);
    }
    worker->state.store(State::stop, std::memory_order_release);
    worker->state.notify_all();
    worker->thread.join();
  }
}

void FilePool::start_threads() {
  event_.reset(event_new(base_, wake_.get(), EV_READ | EV_PERSIST, &FilePool::on_done, this));
  SPINE_CHECK(event_ != nullptr && event_add(event_.get(), nullptr) == 0);
  for (std::size_t i = 0; i < threads_; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.thread = std::thread([this, &worker] { work(worker); });
  }
}

void FilePool::work(Worker& worker) const {
  ::pthread_setname_np(::pthread_self(), "spine-files");
  // Lower priority (nice 5), of this thread alone: conversations go before files.
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 5));
  for (;;) {
    worker.state.wait(State::idle, std::memory_order_acquire);
    const State state = worker.state.load(std::memory_order_acquire);
    if (state == State::stop) return;
    if (state == State::done) {
      worker.state.wait(State::done, std::memory_order_acquire);
      continue;
    }
    if (state != State::given) continue;
    worker.result = worker.job();
    worker.job = nullptr;
    worker.state.store(State::done, std::memory_order_release);
    worker.state.notify_all();
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  }
}

FilePool::Asker FilePool::open(std::string_view agent, Done done) {
  ++agents_[std::string(agent)].askers;
  rows_[++last_asker_] = Row{.agent = std::string(agent), .done = std::move(done)};
  return last_asker_;
}

void FilePool::close(Asker asker) {
  const auto row = rows_.find(asker);
  if (row == rows_.end()) return;
  const auto agent = agents_.find(row->second.agent);
  --agent->second.askers;
  if (agent->second.askers == 0 && !agent->second.busy) agents_.erase(agent);
  rows_.erase(row);
}

void FilePool::submit(Asker asker, Job job, std::size_t bytes) {
  const auto row = rows_.find(asker);
  if (row == rows_.end()) return;
  const std::size_t held_bytes = bytes + kJobBytes;
  row->second.bytes += held_bytes;
  row->second.waiting.push_back({std::move(job), held_bytes});
  if (workers_.empty()) start_threads();
  give_out();
}

void FilePool::hold(Asker asker, bool held) {
  const auto row = rows_.find(asker);
  if (row == rows_.end() || row->second.held == held) return;
  row->second.held = held;
  if (!held) give_out();
}

bool FilePool::is_full(Asker asker) const {
  const auto row = rows_.find(asker);
  if (row == rows_.end()) return false;
  const Row& found = row->second;
  if (found.held) return found.bytes >= limits::kAgentInputBytesMax;
  return found.waiting.size() >= limits::kFileJobsPerAgentMax ||
         found.bytes >= limits::kAgentFileBytesMax;
}

// Among runnable askers: of the agent served longest ago, the asker served longest ago.
FilePool::Row* FilePool::next_row(Asker& asker) {
  Row* best = nullptr;
  std::uint64_t best_agent = 0;
  for (auto& [number, row] : rows_) {
    const Agent& agent = agents_.at(row.agent);
    if (row.waiting.empty() || row.held || agent.busy) continue;
    const bool before = best == nullptr || agent.served < best_agent ||
                        (agent.served == best_agent && row.served < best->served);
    if (!before) continue;
    best = &row;
    best_agent = agent.served;
    asker = number;
  }
  return best;
}

void FilePool::give_out() {
  for (const auto& worker : workers_) {
    if (worker->state.load(std::memory_order_acquire) != State::idle) continue;
    Asker asker{};
    Row* row = next_row(asker);
    if (row == nullptr) return;
    Agent& agent = agents_.at(row->agent);
    agent.served = row->served = ++begun_;
    agent.busy = true;
    worker->asker = asker;
    worker->agent = row->agent;
    worker->job = std::move(row->waiting.front().job);
    row->bytes -= row->waiting.front().bytes;
    row->waiting.pop_front();
    worker->state.store(State::given, std::memory_order_release);
    worker->state.notify_all();
  }
}

void FilePool::collect() {
  for (const auto& worker : workers_) {
    if (worker->state.load(std::memory_order_acquire) != State::done) continue;
    std::string result = std::exchange(worker->result, std::string{});
    const Asker asker = worker->asker;
    const auto agent = agents_.find(worker->agent);
    agent->second.busy = false;
    if (agent->second.askers == 0) agents_.erase(agent);
    worker->state.store(State::idle, std::memory_order_release);
    worker->state.notify_all();
    // `done` is called before the next job starts, as it may call hold().
    const auto row = rows_.find(asker);
    if (row == rows_.end()) continue;
    const Done done = row->second.done;  // it may be closed from within
    done(std::move(result));
  }
  give_out();
}

void FilePool::on_done(evutil_socket_t, short, void* self) {
  auto* pool = static_cast<FilePool*>(self);
  std::uint64_t count = 0;
  static_cast<void>(!::read(pool->wake_.get(), &count, sizeof count));
  pool->collect();
}

}  // namespace spine::loop
