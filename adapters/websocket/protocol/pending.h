// Pending: questions to the engine that wait for their answers, and what is done with those.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/ids.h"

namespace spine::net {

struct Context;
class Responder;

// The kind of answer that a function object takes.
template <class Then>
struct Takes : Takes<decltype(&Then::operator())> {};
template <class I>
struct Takes<void (*)(Responder&, const I&)> {
  using Item = I;
};
template <class Then, class I>
struct Takes<void (Then::*)(Responder&, const I&)> {
  using Item = I;
};
template <class Then, class I>
struct Takes<void (Then::*)(Responder&, const I&) const> {
  using Item = I;
};

// What is done with the answer to a question: a function object and the state it carries, kept in
// place. It is called once, as then(to, item), with the answer decoded into the item it takes. If
// the client is gone by then, its member gone(net, item) is called instead, if it has one; if there
// is no answer, failed(to). Thread: net.
class Continuation {
 public:
  static constexpr std::size_t kBytesMax = 128;

  Continuation() = default;
  ~Continuation() { clear(); }
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  // REQUIRES: it is empty.
  template <class Then>
  void set(Then then) {
    static_assert(sizeof(Then) <= kBytesMax, "a state this large belongs behind a pointer");
    static_assert(alignof(Then) <= alignof(std::max_align_t));
    new (state_.data()) Then(std::move(then));
    what_ = &kWhat<Then>;
  }
  void clear() {
    if (what_ != nullptr) what_->destroy(state_.data());
    what_ = nullptr;
  }
  pipeline::ItemKind takes() const { return what_->takes; }
  // There will be no answer; the client is there.
  void fail(Responder& to) {
    if (what_->failed != nullptr) what_->failed(state_.data(), to);
  }
  // REQUIRES: it is not empty, and the answer is of the kind that it takes.
  void run(Responder& to, ByteSpan answer) { what_->run(state_.data(), to, answer); }
  void run_for_nobody(Context& net, ByteSpan answer) {
    if (what_->gone != nullptr) what_->gone(state_.data(), net, answer);
  }

 private:
  struct What {
    pipeline::ItemKind takes{};
    void (*run)(void* then, Responder& to, ByteSpan answer){};
    void (*gone)(void* then, Context& net, ByteSpan answer){};
    void (*failed)(void* then, Responder& to){};
    void (*destroy)(void* then){};
  };
  template <class Then>
  static constexpr What what_of() {
    using Item = typename Takes<Then>::Item;
    What what{.takes = Item::kKind,
              .run =
                  [](void* then, Responder& to, ByteSpan answer) {
                    Item item{};
                    pipeline::read(answer, item);
                    (*static_cast<Then*>(then))(to, item);
                  },
              .destroy = [](void* then) { static_cast<Then*>(then)->~Then(); }};
    if constexpr (requires(Then & then, Context & net, const Item& item) {
                    then.gone(net, item);
                  }) {
      what.gone = [](void* then, Context& net, ByteSpan answer) {
        Item item{};
        pipeline::read(answer, item);
        static_cast<Then*>(then)->gone(net, item);
      };
    }
    if constexpr (requires(Then & then, Responder & to) { then.failed(to); }) {
      what.failed = [](void* then, Responder& to) { static_cast<Then*>(then)->failed(to); };
    }
    return what;
  }
  template <class Then>
  static constexpr What kWhat = what_of<Then>();

  const What* what_{};
  alignas(std::max_align_t) std::array<std::byte, kBytesMax> state_;
};

// One question. The id is that of the client's request that it is asked for.
class PendingRequest {
 public:
  ConnectionRef connection{};
  Continuation then{};

  void set_id(std::string_view id) {
    const bool fits = id.size() <= id_.size();
    long_id_ = fits ? std::string_view{} : id;
    id_bytes_ = static_cast<std::uint8_t>(fits ? id.copy(id_.data(), id_.size()) : 0);
  }
  std::string_view id() const {
    return long_id_.empty() ? std::string_view{id_.data(), id_bytes_} : std::string_view{long_id_};
  }

 private:
  std::string long_id_{};  // an id too long for the row
  std::uint8_t id_bytes_{};
  std::array<char, 46> id_{};  // "<n>:<uuid>" and more
};

// As many rows as questions were ever under way at once: those are bounded by the queue of inputs
// and by kQueriesWaitingMax. Rows stay where they are. Thread: net. Steady state allocates nothing.
class PendingTable {
 public:
  // Number of the new row: never 0, what InputHeader::request carries.
  template <class Then>
  std::uint64_t add(ConnectionRef connection, std::string_view id, Then then) {
    const std::uint32_t row = take_row();
    rows_[row].connection = connection;
    rows_[row].set_id(id);
    rows_[row].then.set(std::move(then));
    return std::uint64_t{row} + 1;
  }
  PendingRequest& at(std::uint64_t number) {
    SPINE_CHECK(number != 0 && number <= rows_.size());
    return rows_[number - 1];
  }
  void remove(std::uint64_t number) {
    at(number).then.clear();
    free_.push_back(static_cast<std::uint32_t>(number - 1));
  }
  std::size_t count() const { return rows_.size() - free_.size(); }

 private:
  std::uint32_t take_row() {
    if (free_.empty()) {
      rows_.emplace_back();
      return static_cast<std::uint32_t>(rows_.size() - 1);
    }
    const std::uint32_t row = free_.back();
    free_.pop_back();
    return row;
  }
  std::deque<PendingRequest> rows_{};
  std::vector<std::uint32_t> free_{};
};

}  // namespace spine::net
