// Views: devices, senders that ask to be let in, and sessions by their UUID.
#include <algorithm>

#include "engine/core/key_buffer.h"
#include "engine/core/tables.h"
#include "engine/core/views.h"

namespace spine::core {
namespace {

constexpr std::size_t kUuidDigits = 32;
constexpr std::size_t kUuidDigitsMin = 8;

template <template <class> class RowOf>
RowOf<std::string_view> view_of(const RowOf<std::string>& row) {
  RowOf<std::string_view> view;
  copy_row(row.columns(), row, view.columns(), view, [](std::string_view text) { return text; });
  return view;
}

// The start of a UUID as a number with as many digits; digits = 0 when the text is none.
struct UuidStart {
  Bits128 value{};
  std::size_t digits{};
};

UuidStart uuid_start(std::string_view text) {
  UuidStart start{};
  for (const char c : text) {
    if (c == '-') continue;
    const char digit = lower(c);
    const bool decimal = digit >= '0' && digit <= '9';
    if ((!decimal && (digit < 'a' || digit > 'f')) || start.digits == kUuidDigits) return {};
    const auto nibble = static_cast<std::uint64_t>(decimal ? digit - '0' : digit - 'a' + 10);
    start.value.hi = start.value.hi << 4 | start.value.lo >> 60;
    start.value.lo = start.value.lo << 4 | nibble;
    ++start.digits;
  }
  return start.digits < kUuidDigitsMin ? UuidStart{} : start;
}

// Whether the first digits of the UUID are those.
bool starts_with(Bits128 uuid, const UuidStart& start) {
  for (std::size_t left = kUuidDigits - start.digits; left != 0; --left) {
    uuid.lo = uuid.lo >> 4 | uuid.hi << 60;
    uuid.hi >>= 4;
  }
  return uuid == start.value;
}

}  // namespace

void find_session_uuid(const State& state, std::string_view text, std::size_t limit,
                       std::vector<SessionId>& out) {
  const UuidStart start = uuid_start(text);
  if (start.digits == 0) return;
  const Sessions& sessions = state.tables().sessions;
  std::vector<SessionId> found;
  for (std::uint32_t row = 1; row < sessions.end(); ++row) {
    if (!sessions.live(row) || !starts_with(sessions.cold(row).uuid, start)) continue;
    found.push_back(sessions.id_of(row));
  }
  std::sort(found.begin(), found.end());
  found.resize(std::min(found.size(), limit));
  out.insert(out.end(), found.begin(), found.end());
}

bool view_device(const State& state, std::string_view device_id, DeviceView& out) {
  const Devices& devices = state.tables().devices;
  const Device* device = devices.find(device_id);
  if (device == nullptr) return false;
  out = view_of(*device);
  return true;
}

bool view_pairing(const State& state, Seq request, std::uint64_t now_ms, PairingView& out) {
  const PairingRequest* row = state.tables().pairing_requests.find(request, now_ms);
  if (row == nullptr) return false;
  out = view_of(*row);
  return true;
}

std::size_t list_devices(const State& state, std::size_t offset, std::size_t limit,
                         std::vector<DeviceView>& out) {
  const Devices& devices = state.tables().devices;
  const std::size_t first = std::min<std::size_t>(offset, devices.count());
  const std::size_t count = std::min<std::size_t>(limit, devices.count() - first);
  for (std::size_t i = first; i < first + count; ++i)
    out.push_back(view_of(devices[i]));
  return devices.count();
}

void list_pairing(const State& state, std::uint64_t now_ms, std::vector<PairingView>& out) {
  const PairingRequests& requests = state.tables().pairing_requests;
  for (std::size_t i = 0; i < requests.count(); ++i) {
    if (requests[i].live(now_ms)) out.push_back(view_of(requests[i]));
  }
}

}  // namespace spine::core
