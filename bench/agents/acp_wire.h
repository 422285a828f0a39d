// AcpWire: version 1 of the Agent Client Protocol, as far as the gateway uses it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bench/agents/wire.h"

namespace spine::bench {

// As many conversations at once as the gateway likes; they end with the process.
class AcpWire final : public Wire {
 public:
  void take(std::string_view line) override;

 protected:
  void write_piece(Stream& stream, std::string_view piece) override;
  void write_end(Stream& stream) override;

 private:
  void answer(std::string_view id, std::string_view result);

  std::unordered_map<std::string, std::uint64_t> counts_{};  // by conversation
};

}  // namespace spine::bench
