// PiWire: Pi's RPC mode as of 0.87, as far as the gateway uses it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/agents/wire.h"

namespace spine::bench {

// One conversation at a time. The count of its prompts is kept in its file, so that another process
// goes on with it.
class PiWire final : public Wire {
 public:
  explicit PiWire(std::string directory);  // of the conversations' files; made if it is not there
  void take(std::string_view line) override;

 protected:
  void write_piece(Stream& stream, std::string_view piece) override;
  void write_end(Stream& stream) override;

 private:
  void new_conversation();
  bool switch_to(const std::string& path);
  void answer(std::string_view id, std::string_view command, std::string_view rest);
  void prompt(std::string_view id, std::string_view message);
  void keep_count() const;

  std::string directory_;
  std::string file_{};
  std::uint64_t made_{};
  std::uint64_t count_{};  // of the present conversation's prompts
};

}  // namespace spine::bench
