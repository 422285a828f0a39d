// TelegramSender: sends deliveries, each in as many messages as it takes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/interface/channel.h"
#include "adapters/channels/interface/reports.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_pauses.h"
#include "adapters/channels/telegram/telegram_preview.h"
#include "adapters/channels/telegram/telegram_uploads.h"
#include "engine/config/settings/telegram_config.h"

namespace spine::channels {

// Text goes out as a rich message where it needs one and the root knows them, else as HTML, and
// piece by piece as plain text where Telegram cannot read the marks. A file that Telegram does not
// take as a picture goes out as a document. Of an attempt after a failure
// only what is missing is sent. Its first message takes the place of what was shown of the answer
// while it was written, or all are new and that goes. Nothing of the outcome is decided here.
// Thread: loop.
class TelegramSender {
 public:
  // The platform does not know the token any more.
  using OnLoggedOut = std::function<void(std::string_view why)>;

  // All outlive it. `files`: where the files of deliveries are found, and how large they may be.
  TelegramSender(TelegramApi& api, Reports& reports, const config::TelegramAccount& settings,
                 TelegramPauses& pauses, TelegramPreview& preview, OnLoggedOut on_logged_out,
                 TelegramUploads files);

  // As Channel says.
  void deliver(const Delivery& delivery);
  // Reports every delivery under way. The api is stopped by its owner.
  void stop();

 private:
  struct TextPiece {
    std::string html{};
    std::string plain{};
  };
  // One delivery under way; one call at a time. Its files come first, then the pieces of its text;
  // one file takes a short text with it.
  struct Job {
    DeliveryId delivery{};
    EffectId effect{};
    RunId run{};
    std::string chat{};
    std::string topic{};     // as it is sent; empty = none
    std::string reply_to{};  // id of a message in the chat; empty = none
    std::string rich{};      // Markdown, while it goes out as a rich message
    std::string source{};    // while that may have to become pieces
    std::vector<TelegramUpload> files{};
    std::vector<TextPiece> pieces{};
    bool captioned{};      // the only piece goes with the only file
    bool as_document{};    // the file under way is sent as no picture, sound or film
    std::uint32_t next{};  // the file or piece under way: so many have arrived
    std::vector<std::string> ids{};
    std::string bubble{};  // number of the message that shows the answer as far as it was written
    bool edits{};          // the piece under way takes the place of the bubble
    bool removes{};        // the call under way removes it
    bool begun{};          // something was asked of Telegram
    bool plain{};          // the piece under way is sent without marks
    bool was_moved{};      // the chat got another id during this attempt
    std::size_t bytes{};   // taken from the budget
    bool direct{};         // the chat is one person's
  };

  std::unique_ptr<Job> make_job(const Delivery& delivery) const;
  void begin(DeliveryId delivery, const TelegramBubble& bubble);
  void remove(Job& job);
  void removed(DeliveryId delivery, const TelegramAnswer& answer);
  bool wants_rich(std::string_view text) const;
  void make_pieces(Job& job);
  void add_pieces(Job& job, std::size_t units);
  static std::size_t parts_of(const Job& job);
  // The piece under way; null = a file that has no text.
  static const TextPiece* piece_of(const Job& job);
  void send_file(const Job& job);
  bool answers_question(const Job& job) const;
  void send(Job& job);
  std::string arguments_of(const Job& job) const;
  void sent(DeliveryId delivery, const TelegramAnswer& answer);
  void arrived(Job& job, const std::string& number);
  void confirm(Job& job);
  void failed(Job& job, const TelegramAnswer& answer);
  void refused(Job& job, const TelegramAnswer& answer);
  bool rich_refused(Job& job, const TelegramAnswer& answer);
  bool topic_refused(Job& job, const TelegramAnswer& answer);
  void fail(Job& job, fb::DeliveryFailure kind, std::string_view reason,
            std::uint64_t retry_after_ms = 0);
  void end(const Job& job);

  TelegramApi& api_;
  Reports& reports_;
  const config::TelegramAccount& settings_;
  TelegramPauses& pauses_;
  TelegramPreview& preview_;
  OnLoggedOut on_logged_out_;
  TelegramUploads uploads_;
  std::map<std::uint64_t, std::unique_ptr<Job>> jobs_{};  // by delivery
  std::size_t bytes_{};                                   // of all jobs
  bool no_rich_{};                                        // the root knows no rich messages
};

}  // namespace spine::channels
