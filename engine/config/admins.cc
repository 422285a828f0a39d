// Who may answer pairing requests from a channel: gateway.auth.admin_channels, and for channels
// named alone those of commands.ownerAllowFrom.
#include <algorithm>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

struct AdminEntry {
  std::string channel{};  // lower case; empty = any
  std::string sender{};   // empty = not said
};

AdminEntry split_entry(std::string_view text) {
  const std::size_t colon = text.find(':');
  return {lower_case(text.substr(0, colon)),
          colon == std::string_view::npos ? std::string{} : std::string{text.substr(colon + 1)}};
}

// Why the sender cannot be an admin; empty when it can. Matrix ids ("@me:example.org") are ids.
std::string_view objection(std::string_view sender) {
  if (sender == "*") return "everybody would be an admin";
  const bool name = (sender.starts_with('@') && sender.find(':') == std::string_view::npos) ||
                    sender.find_first_of("# \t\r\n") != std::string_view::npos;
  if (name) {
    return "this is a name, and names can be changed and then taken by somebody else, who would be "
           "an admin; write the immutable id that the channel gives the person, such as "
           "\"telegram:123456789\"";
  }
  if (sender.empty() || sender.size() > limits::kNameBytesMax || sender != printable(sender)) {
    return "this is no sender's id";
  }
  return {};
}

class AdminReader {
 public:
  explicit AdminReader(Reading& reading)
      : reading_(reading),
        list_(reading.at("gateway.auth.admin_channels")),
        owners_(reading.at("commands.ownerAllowFrom")) {}

  void read() {
    Config& config = reading_.config;
    for (const std::string& text : config.admin_channels) {
      const AdminEntry entry = split_entry(text);
      if (entry.channel.empty() || entry.channel.size() > limits::kNameBytesMax ||
          entry.channel.starts_with('@')) {
        refuse(list_, text, "it must be \"<channel>\" or \"<channel>:<sender id>\"");
      } else if (text.find(':') != std::string::npos) {
        add(list_, text, entry);
      } else {
        add_owners(entry.channel);
      }
    }
    sort_unique(config.admins);
    if (config.admins.size() > limits::kConfigAdminsMax) {
      reading_.error(list_, "more than {} admins.", limits::kConfigAdminsMax);
    }
  }

 private:
  void refuse(NodeId id, std::string_view text, std::string_view why) {
    reading_.error(id, "{} has \"{}\"; {}.",
                   id == list_ ? "gateway.auth.admin_channels" : "commands.ownerAllowFrom",
                   printable(text.substr(0, 60)), why);
  }

  void add(NodeId id, std::string_view text, const AdminEntry& entry) {
    const std::string_view why = objection(entry.sender);
    if (!why.empty()) return refuse(id, text, why);
    reading_.config.admins.push_back(fmt::format("{}:{}", entry.channel, entry.sender));
  }

  // An owner without a channel is one on every channel that is listed.
  void add_owners(const std::string& channel) {
    const std::string prefix = channel + ":";
    bool found = false;
    for (const std::string& owner : reading_.texts(owners_)) {
      // ids may hold colons themselves: what stands before the first is a channel if it is a name.
      const AdminEntry entry = split_entry(owner);
      const bool bare = owner.find(':') == std::string::npos || owner.starts_with('@');
      if (!bare && entry.channel != channel) continue;
      found = true;
      add(owners_, owner, {channel, bare ? owner : entry.sender});
    }
    if (!found) {
      reading_.warn(list_,
                    "gateway.auth.admin_channels names {} alone and commands.ownerAllowFrom has "
                    "nobody of it, so it has no admin; add \"{}:<sender id>\".",
                    printable(channel), printable(channel));
    }
  }

  Reading& reading_;
  NodeId list_;
  NodeId owners_;
};

}  // namespace

void read_admins(Reading& reading) {
  if (reading.at("gateway.auth.admin_channels") != 0) AdminReader(reading).read();
}

}  // namespace spine::config
