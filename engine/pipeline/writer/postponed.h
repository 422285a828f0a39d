// Postponed: inputs without a client to refuse, kept while the disk has no room for them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

#include "engine/core/model/kinds.h"
#include "engine/pipeline/queues/ingress.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// In the order in which they came, each in a block of its own. Thread: engine.
class Postponed {
 public:
  bool empty() const { return inputs_.empty(); }
  std::size_t count() const { return inputs_.size(); }
  std::size_t bytes() const { return bytes_; }
  void add(const InputHeader& header, ByteSpan body) {
    IngressBlock& input = inputs_.emplace_back(IngressBlock::item_bytes(body.size()));
    input.append(header, body);
    bytes_ += input.bytes();
  }
  const IngressBlock& oldest() const { return inputs_.front(); }
  IngressBlock take() {
    IngressBlock input = std::move(inputs_.front());
    inputs_.pop_front();
    bytes_ -= input.bytes();
    return input;
  }
  // Whether an input of that source waits.
  bool has(Source source) const {
    return std::any_of(inputs_.begin(), inputs_.end(), [&](const IngressBlock& input) {
      bool found = false;
      input.for_each([&](const InputHeader& header, ByteSpan) {
        found = header.source == static_cast<std::uint16_t>(source);
      });
      return found;
    });
  }
  // Drops the inputs that end nothing; returns how many.
  std::size_t keep_closing() {
    return std::erase_if(inputs_, [this](const IngressBlock& input) {
      if (!closes(input)) bytes_ -= input.bytes();
      return !closes(input);
    });
  }
  // Whether the input ends something: it may use the reserved disk space.
  static bool closes(const IngressBlock& input) {
    bool closes = false;
    input.for_each(
        [&](const InputHeader& header, ByteSpan) { closes = core::kind_of(header.kind).closes; });
    return closes;
  }

 private:
  std::deque<IngressBlock> inputs_{};
  std::size_t bytes_{};
};

}  // namespace spine::pipeline
