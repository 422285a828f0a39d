// Postponed: inputs nobody can be told about that found no room on the disk, kept until there is.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "engine/core/kinds.h"
#include "engine/pipeline/ingress.h"
#include "schemas/vocab/bytes.h"

namespace spine::pipeline {

// In the order in which they came. Thread: engine.
class Postponed {
 public:
  // An input as it lay in its block, with its own memory.
  class Input {
   public:
    Input(InputHeader header, ByteSpan body) : words_((sizeof(header) + align8(body.size())) / 8) {
      header.bytes = static_cast<std::uint32_t>(body.size());
      auto* at = reinterpret_cast<std::byte*>(words_.data());
      store(at, header);
      if (!body.empty()) std::memcpy(at + sizeof(header), body.data(), body.size());
    }
    InputHeader header() const {
      return load<InputHeader>(std::as_bytes(std::span(words_)).data());
    }
    ByteSpan body() const {
      return std::as_bytes(std::span(words_)).subspan(sizeof(InputHeader), header().bytes);
    }
    std::size_t bytes() const { return words_.size() * 8; }
    // Whether it ends something: it may use the space that is kept for that.
    bool closes() const { return core::kind_of(header().kind).closes; }

   private:
    std::vector<std::uint64_t> words_;
  };

  bool empty() const { return inputs_.empty(); }
  std::size_t count() const { return inputs_.size(); }
  std::size_t bytes() const { return bytes_; }
  const Input& oldest() const { return inputs_.front(); }
  void add(const InputHeader& header, ByteSpan body) {
    bytes_ += inputs_.emplace_back(header, body).bytes();
  }
  Input take() {
    Input input = std::move(inputs_.front());
    inputs_.pop_front();
    bytes_ -= input.bytes();
    return input;
  }
  // Gives up what only adds to something; how many those were.
  std::size_t keep_closing() {
    return std::erase_if(inputs_, [this](const Input& input) {
      if (!input.closes()) bytes_ -= input.bytes();
      return !input.closes();
    });
  }

 private:
  std::deque<Input> inputs_{};
  std::size_t bytes_{};
};

}  // namespace spine::pipeline
