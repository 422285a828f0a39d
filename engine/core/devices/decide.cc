// Decisions about devices: which ones may connect, and which no longer.
#include "engine/core/devices/decide.h"

namespace spine::core {
namespace {

using Bytes = flatbuffers::Vector<std::uint8_t>;

std::size_t size_of(const Bytes* bytes) {
  return bytes == nullptr ? 0 : bytes->size();
}

bool good_token(const Bytes* token_hash) {
  const std::size_t bytes = size_of(token_hash);
  return bytes == 0 || bytes == limits::kTokenHashBytes;
}

bool good_scopes(const ScopeList* scopes) {
  return joined_scopes(scopes).size() <= limits::kScopesBytesMax;
}

// The fields checked here must not be cut; other texts are cut to their bounds by the fold.
bool well_formed(const fb::DevicePaired& body) {
  const std::size_t id_bytes = text_of(body.device_id()).size();
  return id_bytes != 0 && id_bytes <= limits::kNameBytesMax &&
         size_of(body.public_key()) == limits::kPublicKeyBytes && good_token(body.token_hash()) &&
         good_scopes(body.scopes());
}

// An event about a device that has to be there.
template <class Body>
void change(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<Body>(input.body);
  if (tables.devices.find(text_of(body.device_id())) == nullptr) {
    return decision.refuse(ReplyCode::not_found);
  }
  bool fits = true;
  if constexpr (std::is_same_v<Body, fb::DeviceTokenChanged>) {
    fits = good_token(body.token_hash()) && good_scopes(body.scopes());
  }
  decide_within(fits, tables, input, decision);
}

}  // namespace

void decide_device_pairing(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::DevicePaired>(input.body);
  const bool fits = well_formed(body);
  if (fits && tables.devices.full() && tables.devices.find(text_of(body.device_id())) == nullptr) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  decide_within(fits, tables, input, decision);
}

void decide_device_change(const Tables& tables, const Input& input, Decision& decision) {
  switch (static_cast<fb::EventBody>(input.kind)) {
    case fb::EventBody::DeviceRenamed:
      return change<fb::DeviceRenamed>(tables, input, decision);
    case fb::EventBody::DeviceTokenChanged:
      return change<fb::DeviceTokenChanged>(tables, input, decision);
    default:
      return change<fb::DeviceRemoved>(tables, input, decision);
  }
}

}  // namespace spine::core
