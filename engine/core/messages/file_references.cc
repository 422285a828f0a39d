// FileReferences: sums of content, by the session they are of.
#include "engine/core/messages/file_references.h"

#include <algorithm>

#include "engine/core/model/tables.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

namespace spine::core {
namespace {

// Sessions that are gone and of which something is shown or sent all the same.
std::set<SessionId> outliving(const Tables& tables) {
  std::set<SessionId> sessions;
  tables.histories.for_each_row([&](const SessionHistory& row) {
    for (const HistoryPart& part : tables.histories.earlier(row.session))
      sessions.insert(part.session);
  });
  tables.deliveries.for_each_row([&](const DeliveryRow& row) { sessions.insert(row.session); });
  return sessions;
}

}  // namespace

template <class Files>
void FileReferences::add_files(SessionId session, const Files* files) {
  if (files == nullptr) return;
  for (const fb::Attachment* file : *files) {
    const auto* sum = file->sha256();
    Digest256 sha256{};
    if (sum == nullptr || sum->size() != sha256.size()) continue;
    std::transform(sum->begin(), sum->end(), sha256.begin(),
                   [](std::uint8_t byte) { return static_cast<std::byte>(byte); });
    if (references_.size() >= limits::kMediaReferencesMax) {
      complete_ = false;
      return;
    }
    references_.emplace(sha256, session);
  }
}

void FileReferences::add(const EventView& event) {
  const SessionId session{event.header.session};
  if (is_kind(event, fb::EventBody::MessageReceived))
    add_files(session, root_of<fb::MessageReceived>(event).attachments());
  if (is_kind(event, fb::EventBody::RunFinished))
    add_files(session, root_of<fb::RunFinished>(event).files());
  if (is_kind(event, fb::EventBody::DeliveryRequested))
    add_files(session, root_of<fb::DeliveryRequested>(event).files());
}

std::vector<Digest256> FileReferences::kept(const State& state) {
  const Tables& tables = state.tables();
  const std::set<SessionId> others = outliving(tables);
  std::erase_if(references_, [&](const auto& reference) {
    return tables.sessions.find(reference.second) == 0 && !others.contains(reference.second);
  });
  std::vector<Digest256> sums;
  for (const auto& [sum, session] : references_) {
    if (sums.empty() || sums.back() != sum) sums.push_back(sum);
  }
  return sums;
}

}  // namespace spine::core
