// Names of the values of enums that stand in columns, e.g. "direct".
#pragma once

#include <string_view>

#include "engine/core/model/rows.h"

#include "event_generated.h"

namespace spine::core {

// Static storage; empty for what is no value of the enum.
inline std::string_view enum_name(RunStatus status) {
  switch (status) {
    case RunStatus::unknown:
      return "unknown";
    case RunStatus::queued:
      return "queued";
    case RunStatus::running:
      return "running";
    case RunStatus::finished:
      return "finished";
    case RunStatus::failed:
      return "failed";
    case RunStatus::aborted:
      return "aborted";
  }
  return {};
}
inline std::string_view enum_name(DeliveryStatus status) {
  switch (status) {
    case DeliveryStatus::unknown:
      return "unknown";
    case DeliveryStatus::waiting:
      return "waiting";
    case DeliveryStatus::attempted:
      return "attempted";
    case DeliveryStatus::dead:
      return "dead";
  }
  return {};
}
inline std::string_view enum_name(fb::ChannelState state) {
  return fb::EnumNameChannelState(state);
}
inline std::string_view enum_name(fb::ChannelSwitch wanted) {
  return fb::EnumNameChannelSwitch(wanted);
}
inline std::string_view enum_name(fb::DeadLetterReason reason) {
  return fb::EnumNameDeadLetterReason(reason);
}
inline std::string_view enum_name(fb::DeliveryPurpose purpose) {
  return fb::EnumNameDeliveryPurpose(purpose);
}
inline std::string_view enum_name(fb::ConversationKind kind) {
  return fb::EnumNameConversationKind(kind);
}
inline std::string_view enum_name(fb::PrincipalKind kind) {
  return fb::EnumNamePrincipalKind(kind);
}
inline std::string_view enum_name(fb::Trust trust) {
  return fb::EnumNameTrust(trust);
}
inline std::string_view enum_name(fb::QueueMode mode) {
  return fb::EnumNameQueueMode(mode);
}
inline std::string_view enum_name(fb::ApprovedVia via) {
  return fb::EnumNameApprovedVia(via);
}
inline std::string_view enum_name(fb::ApprovalKind kind) {
  return fb::EnumNameApprovalKind(kind);
}

}  // namespace spine::core
