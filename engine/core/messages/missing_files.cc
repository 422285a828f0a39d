// Missing files: one line each, by the phrases of the settings.
#include "engine/core/messages/missing_files.h"

#include <string>

#include "schemas/fields.h"
#include "schemas/vocab/phrases.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {
namespace {

constexpr std::size_t kNamedMax = 8;
constexpr std::size_t kNameBytesMax = 200;

// Empty: nothing is wrong with it.
std::string line_of(const Policy& policy, const fb::Attachment& file) {
  if (file.problem() == fb::AttachmentProblem::none) return {};
  const std::string name = printable(cut_text(text_of(file.name()), kNameBytesMax));
  if (file.problem() == fb::AttachmentProblem::too_large && file.bytes_max() != 0) {
    return filled(policy.phrase(Phrase::file_too_large),
                  {{"name", name}, {"size", show_bytes(file.bytes_max())}});
  }
  return filled(policy.phrase(Phrase::file_unavailable), {{"name", name}});
}

}  // namespace

void tell_missing_files(const Tables& tables, const fb::MessageReceived& message,
                        const DeliveryRoute& route, Dispatcher& dispatcher, const Why& why) {
  const bool direct = message.conversation() == fb::ConversationKind::direct;
  const bool meant = direct || message.mention() == fb::Mention::mentioned;
  if (!route.channel || !meant || message.attachments() == nullptr) return;
  std::string text;
  std::size_t named = 0;
  for (const fb::Attachment* file : *message.attachments()) {
    const std::string line = line_of(tables.policy, *file);
    if (line.empty() || ++named > kNamedMax) continue;
    if (!text.empty()) text += '\n';
    text += line;
  }
  if (text.empty() || !Dispatcher::has_room(tables)) return;
  dispatcher.request({.route = route,
                      .message = Seq{why.cause},
                      .text = text,
                      .purpose = fb::DeliveryPurpose::notice},
                     why);
}

}  // namespace spine::core
