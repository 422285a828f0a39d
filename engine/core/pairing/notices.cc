// Notices: their words, and by which account an admin is told.
#include "engine/core/pairing/notices.h"

#include <algorithm>
#include <tuple>

#include "engine/core/base/rate.h"
#include "engine/core/model/tables.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/phrases.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {
namespace {

// Of what others wrote, in a notice.
constexpr std::size_t kNamedBytesMax = 80;
constexpr std::size_t kDetailBytesMax = 1'000;

// What somebody else wrote, as words of a notice: its marks are no Markdown, and it is one line.
std::string in_words(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view kMarks = "\\`*_[]<>#|~&";
  std::string out;
  for (const char c : shortened(text, bytes_max)) {
    const bool control = static_cast<unsigned char>(c) < ' ' || c == 0x7f;
    if (kMarks.find(c) != std::string_view::npos) out += '\\';
    out += control ? ' ' : c;
  }
  return out;
}

// The same of several lines, which stand as they are.
std::string in_a_fence(std::string_view text) {
  std::string out = shortened(text, kDetailBytesMax);
  // A fence of its own would end ours.
  std::ranges::replace(out, '`', '\'');
  return trimmed(out).empty() ? std::string{} : "```\n" + out + "\n```";
}

template <class Row>
std::string say_of_sender(std::string_view phrase, const Row& request) {
  const std::string sender = in_words(request.sender_id, kNamedBytesMax);
  const std::string name = in_words(request.sender_name, kNamedBytesMax);
  const std::string minutes = std::to_string(limits::kPairingMs / kMsPerMinute);
  return filled(phrase, {{"name", name.empty() ? sender : name},
                         {"sender", sender},
                         {"channel", in_words(request.channel, kNamedBytesMax)},
                         {"code", request.code},
                         {"minutes", minutes}});
}

}  // namespace

void Notices::pairing_asked(const PairingRow<std::string_view>& request, const Why& why) {
  tell_admins(say_of_sender(tables_.policy.phrase(Phrase::pairing_asked), request),
              lower_case(request.channel), request.account, why);
}

void Notices::pairing_resolved(const PairingRequest& request, bool approved, const Why& why) {
  // Of a bridge's senders nothing is known: it tells them itself.
  if (request.conversation_id.empty() || !Dispatcher::has_room(tables_)) return;
  const ChannelRow* channel = tables_.channels.find(lower_case(request.channel), request.account);
  if (channel == nullptr) return;
  const Phrase phrase = approved ? Phrase::pairing_approved : Phrase::pairing_rejected;
  dispatcher_.request({.route = route_to(tables_, *channel, request.conversation_id),
                       .to = {.conversation_id = request.conversation_id},
                       .text = tables_.policy.phrase(phrase),
                       .purpose = fb::DeliveryPurpose::pairing},
                      why);
}

void Notices::approval_asked(const ApprovalRow<std::string_view>& question, std::string_view agent,
                             std::uint64_t wait_ms, const Why& why) {
  const std::string minutes = std::to_string((wait_ms + kMsPerMinute - 1) / kMsPerMinute);
  const std::string text = filled(tables_.policy.phrase(Phrase::approval_asked),
                                  {{"agent", in_words(agent, kNamedBytesMax)},
                                   {"tool", in_words(question.tool, kNamedBytesMax)},
                                   {"title", in_words(question.title, kDetailBytesMax)},
                                   {"detail", in_a_fence(question.detail)},
                                   {"code", question.code},
                                   {"minutes", minutes}});
  tell_admins(text, {}, {}, why);
}

std::string Notices::answered(const Tables& tables, const PairingRequest& request, bool approved) {
  const Phrase phrase = approved ? Phrase::pairing_let_in : Phrase::pairing_turned_away;
  return say_of_sender(tables.policy.phrase(phrase), request);
}

std::string Notices::answered(const Tables& tables, const Approval& question, bool approved) {
  const Phrase phrase = approved ? Phrase::approval_allowed : Phrase::approval_denied;
  return filled(tables.policy.phrase(phrase),
                {{"tool", in_words(question.tool, kNamedBytesMax)},
                 {"title", in_words(question.title, kNamedBytesMax)}});
}

std::string Notices::unknown_code(const Tables& tables, std::string_view code) {
  return filled(tables.policy.phrase(Phrase::pairing_code_unknown), {{"code", code}});
}

bool Notices::knows(const ChannelRow& account, const Admin& admin) const {
  KeyBuffer key;
  put_sender_key(account.name, account.account, admin.sender_id, IdCase::exact,
                 tables_.meta.fingerprint_key, key);
  return tables_.principals.find_key(fb::PrincipalKind::sender, key.view()) != 0;
}

// The best of its channel's; null = there is none.
const ChannelRow* Notices::account_of(const Admin& admin, std::string_view channel,
                                      std::string_view account) const {
  const ChannelRow* best = nullptr;
  const auto rank = [&](const ChannelRow& row) {
    return std::tuple{knows(row, admin), row.name == channel && row.account == account,
                      row.usable()};
  };
  for (const ChannelRow& row : tables_.channels) {
    if (row.name != admin.channel || row.state == fb::ChannelState::stopped) continue;
    if (best == nullptr || rank(row) > rank(*best)) best = &row;
  }
  return best;
}

void Notices::tell_admins(std::string_view text, std::string_view channel, std::string_view account,
                          const Why& why) {
  std::size_t told = 0;
  Seq first{};  // has the text; the others refer to it
  for (const Admin& admin : tables_.policy.admins()) {
    if (told == limits::kAdminsToldMax || !Dispatcher::has_room(tables_)) return;
    const ChannelRow* by = account_of(admin, channel, account);
    if (by == nullptr) continue;
    ++told;
    const Seq asked = dispatcher_.request({.route = route_to(tables_, *by, admin.sender_id),
                                           .to = {.conversation_id = admin.sender_id},
                                           .body = first,
                                           .text = first ? std::string_view{} : text,
                                           .purpose = fb::DeliveryPurpose::notice},
                                          why);
    if (!first) first = asked;
  }
}

}  // namespace spine::core
