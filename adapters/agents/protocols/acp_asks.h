// AcpAsks: requests of an agent of the Agent Client Protocol to its client: permissions, and files
// of its workspace.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/agents/protocols/json_in.h"
#include "adapters/agents/protocols/protocol.h"
#include "adapters/agents/protocols/workspace_files.h"

namespace spine::agents {

// `id`: the agent's id of the request, as JSON.
class AcpAsks {
 public:
  // All outlive it. `files`: null = no file access.
  AcpAsks(const AgentProfile& profile, ProtocolHost& host, RunEvents& events,
          std::shared_ptr<FileAccess> files)
      : profile_(profile), host_(host), events_(events), files_(std::move(files)) {}

  bool has_files() const { return files_ != nullptr; }
  // `run`: the run it belongs to; none = no open run. `tool`: the name that policy rules match.
  void permission(const JsonNode& params, std::string id, RunId run, std::string_view tool);
  // REQUIRES: has_files().
  void read_file(const JsonNode& params, const std::string& id);
  void write_file(const JsonNode& params, const std::string& id);
  // Answers a request with a JSON-RPC error.
  void refuse(const std::string& id, int code, std::string_view message);

  void answer(std::uint64_t number, fb::ApprovalDecision decision);
  // The run is over: withdraws its open permission requests.
  void withdraw(RunId run);

 private:
  struct Option {
    std::string id{};
    fb::ApprovalDecision decision{};
  };
  struct Ask {
    std::uint64_t number{};
    RunId run{};
    std::string request{};  // the agent's id of it
    std::vector<Option> options{};
  };
  void cancelled(const std::string& id);

  const AgentProfile& profile_;
  ProtocolHost& host_;
  RunEvents& events_;
  std::shared_ptr<FileAccess> files_;
  std::vector<Ask> asks_{};
  std::uint64_t next_ask_{1};
};

}  // namespace spine::agents
