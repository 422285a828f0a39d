// Pending: questions to the engine that wait for their answers, and what is done with those.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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
  // A larger state has an allocation of its own.
  static constexpr std::size_t kInlineBytes = 64;

  Continuation() = default;
  ~Continuation() { clear(); }
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  // REQUIRES: it is empty.
  template <class Then>
  void set(Then then) {
    if constexpr (kFits<Then>) {
      new (state_.data()) Then(std::move(then));
    } else {
      new (state_.data()) Then*(new Then(std::move(then)));
    }
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
  static constexpr bool kFits = sizeof(Then) <= kInlineBytes && alignof(Then) <= alignof(void*);
  template <class Then>
  static Then& in(void* state) {
    if constexpr (kFits<Then>) return *static_cast<Then*>(state);
    return **static_cast<Then**>(state);
  }
  template <class Then>
  static void destroy(void* state) {
    if constexpr (kFits<Then>) {
      in<Then>(state).~Then();
    } else {
      delete &in<Then>(state);
    }
  }
  template <class Then>
  static constexpr What what_of() {
    using Item = typename Takes<Then>::Item;
    What what{.takes = Item::kKind,
              .run =
                  [](void* then, Responder& to, ByteSpan answer) {
                    Item item{};
                    pipeline::read(answer, item);
                    in<Then>(then)(to, item);
                  },
              .destroy = destroy<Then>};
    if constexpr (requires(Then & then, Context & net, const Item& item) {
                    then.gone(net, item);
                  }) {
      what.gone = [](void* then, Context& net, ByteSpan answer) {
        Item item{};
        pipeline::read(answer, item);
        in<Then>(then).gone(net, item);
      };
    }
    if constexpr (requires(Then & then, Responder & to) { then.failed(to); }) {
      what.failed = [](void* then, Responder& to) { in<Then>(then).failed(to); };
    }
    return what;
  }
  template <class Then>
  static constexpr What kWhat = what_of<Then>();

  const What* what_{};
  alignas(void*) std::array<std::byte, kInlineBytes> state_;
};

// One question. The id is that of the client's request that it is asked for.
class PendingRequest {
 public:
  ConnectionRef connection{};
  Continuation then{};

  void set_id(std::string_view id) {
    long_id_.reset();
    if (id.size() > id_.size()) long_id_ = std::make_unique<std::string>(id);
    id_bytes_ = static_cast<std::uint8_t>(id.copy(id_.data(), id_.size()));
  }
  std::string_view id() const {
    if (long_id_ != nullptr) return *long_id_;
    return {id_.data(), id_bytes_};
  }

 private:
  std::unique_ptr<std::string> long_id_{};  // an id too long for the row
  std::uint8_t id_bytes_{};
  std::array<char, 46> id_{};  // "<n>:<uuid>" and more
};
// Under load there are a thousand of them.
static_assert(sizeof(PendingRequest) <= 136);

// As many rows as questions were ever under way at once: those are bounded by the queue of inputs
// and by kQueriesWaitingMax. Rows stay where they are. Thread: net. Steady state allocates nothing.
class PendingTable {
 public:
  // Number of the new row: never 0, what InputHeader::request carries.
  template <class Then>
  std::uint64_t add(ConnectionRef connection, std::string_view id, Then then) {
    const std::uint64_t number = take_row();
    PendingRequest& row = at(number);
    row.connection = connection;
    row.set_id(id);
    row.then.set(std::move(then));
    return number;
  }
  PendingRequest& at(std::uint64_t number) {
    SPINE_CHECK(number != 0 && number <= rows_);
    return (*pages_[(number - 1) / kPageRows])[(number - 1) % kPageRows];
  }
  void remove(std::uint64_t number) {
    at(number).then.clear();
    free_.push_back(number);
  }
  std::size_t count() const { return rows_ - free_.size(); }

 private:
  static constexpr std::size_t kPageRows = 32;
  using Page = std::array<PendingRequest, kPageRows>;

  std::uint64_t take_row() {
    if (free_.empty()) {
      if (rows_ % kPageRows == 0) pages_.push_back(std::make_unique<Page>());
      return ++rows_;
    }
    const std::uint64_t number = free_.back();
    free_.pop_back();
    return number;
  }
  std::vector<std::unique_ptr<Page>> pages_{};
  std::size_t rows_{};
  std::vector<std::uint64_t> free_{};  // numbers
};

}  // namespace spine::net
