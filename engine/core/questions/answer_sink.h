// AnswerSink: where the answer to a question goes.
#pragma once

#include <cstddef>

#include "engine/core/questions/answers.h"

namespace spine::core {

class AnswerSink {
 public:
  virtual ~AnswerSink() = default;

  template <class Item>
  void emit(const Item& item) {
    Writer writer{add(Item::kKind, size_of(item))};
    Item::list(item, writer);
  }

 private:
  // Room for the one item, 8-aligned.
  virtual std::byte* add(ItemKind kind, std::size_t bytes) = 0;
};

}  // namespace spine::core
