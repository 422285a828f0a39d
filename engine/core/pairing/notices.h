// Notices: what people are told on channels of what the owner has to answer, and of the answers.
#pragma once

#include <string>
#include <string_view>

#include "engine/core/approvals/approvals.h"
#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/model/rows.h"
#include "engine/core/pairing/pairing.h"

namespace spine::core {

// Of one decision. Admins are told in their direct conversation, by the account that they have
// written to, else by that of the request, else by any of their channel that is not stopped: at
// most limits::kAdminsToldMax of them, and nobody whose channel the gateway does not deliver to.
// Thread: engine.
class Notices {
 public:
  Notices(const Tables& tables, Dispatcher& dispatcher)
      : tables_(tables), dispatcher_(dispatcher) {}

  // A stranger asks to be let in: for the admins. `why.cause`: the ChannelPairingRequested.
  void pairing_asked(const PairingRow<std::string_view>& request, const Why& why);
  // The request is answered, by whomever: for the person, where the gateway delivers.
  // `why.cause`: the ChannelPairingResolved.
  void pairing_resolved(const PairingRequest& request, bool approved, const Why& why);
  // An agent asks for permission: for the admins. `why.cause`: the ApprovalOpened.
  void approval_asked(const ApprovalRow<std::string_view>& question, std::string_view agent,
                      std::uint64_t wait_ms, const Why& why);

  // What an admin is told of an answer to a code: of a request, of a question, of neither.
  static std::string answered(const Tables& tables, const PairingRequest& request, bool approved);
  static std::string answered(const Tables& tables, const Approval& question, bool approved);
  static std::string unknown_code(const Tables& tables, std::string_view code);

 private:
  void tell_admins(std::string_view text, std::string_view channel, std::string_view account,
                   const Why& why);
  const ChannelRow* account_of(const Admin& admin, std::string_view channel,
                               std::string_view account) const;
  bool knows(const ChannelRow& account, const Admin& admin) const;

  const Tables& tables_;
  Dispatcher& dispatcher_;
};

}  // namespace spine::core
