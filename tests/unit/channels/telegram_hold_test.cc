// TelegramHold and TelegramFiles: which updates wait for what. Nothing can be kept here, so every
// file ends at once as unavailable; what is fetched stands in the tests of the whole gateway.
#include "adapters/channels/telegram/telegram_hold.h"

#include <event2/event.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "adapters/channels/telegram/telegram_uploads.h"

namespace spine::channels {
namespace {

struct FreeBase {
  void operator()(event_base* base) const { ::event_base_free(base); }
};

class Holds : public ::testing::Test {
 protected:
  void take(const std::string& json) {
    text_.assign(json);
    simdjson::dom::element root;
    ASSERT_EQ(parser_.parse(text_, root), JsonParser::Fault::none) << json;
    hold_.take(JsonNode{root}, {.id = "7", .username = "SpineBot"}, 1'700'000'000'000,
               [this](const TelegramUpdate& update, TelegramUpdate::Kind kind) {
                 said_.push_back(said(update, kind));
               });
  }
  static std::string said(const TelegramUpdate& update, TelegramUpdate::Kind kind) {
    if (kind != TelegramUpdate::Kind::message) return "-";
    std::string words(update.message().text);
    for (const Attachment& file : update.message().attachments) {
      words += " " + std::string(file.name) + " " + fb::EnumNameAttachmentProblem(file.problem);
    }
    return words;
  }
  static std::string message(const std::string& rest) {
    return R"({"update_id":5,"message":{"message_id":17,"date":1764500000,
        "from":{"id":42,"first_name":"Ada"},"chat":{"id":42,"type":"private"},)" +
           rest + "}}";
  }

  std::unique_ptr<event_base, FreeBase> base_{::event_base_new()};
  std::shared_ptr<http::HttpClient> http_{
      std::make_shared<http::HttpClient>(base_.get(), http::OutboundPolicy{})};
  TelegramApi api_{http_, "https://api.telegram.org", "1:a", 0};
  TelegramFiles files_{base_.get(), api_, http_, {.bytes_max = 100}};
  std::vector<std::string> said_{};
  TelegramHold hold_{files_};

 private:
  JsonParser parser_{};
  PaddedText text_{};
};

TEST_F(Holds, WhatHasNoFileIsHandedOutAtOnce) {
  take(message(R"("text":"hi")"));
  take(R"({"update_id":6,"poll":{}})");
  EXPECT_EQ(said_, (std::vector<std::string>{"hi", "-"}));
}

TEST_F(Holds, AFileThatCannotBeKeptLeavesTheText) {
  take(message(R"("caption":"look","photo":[{"file_id":"f","file_size":9}])"));
  EXPECT_EQ(said_, std::vector<std::string>{"look photo.jpg unavailable"});
}

TEST(TelegramApiUrls, APathOfAFileIsEncoded) {
  const std::unique_ptr<event_base, FreeBase> base{::event_base_new()};
  const TelegramApi api{std::make_shared<http::HttpClient>(base.get(), http::OutboundPolicy{}),
                        "https://api.telegram.org", "1:a", 0};
  EXPECT_EQ(api.file_url("photos/a b?#%.jpg"),
            "https://api.telegram.org/file/bot1:a/photos/a%20b%3F%23%25.jpg");
}

TEST(TelegramUploads, AFileIsShownAsWhatItIsUnlessItIsTooLargeForThat) {
  const struct {
    const char* mime_type;
    std::uint64_t bytes;
    bool as_document;
    TelegramMethod method;
  } rows[] = {
      {"image/jpeg", 10 << 20, false, TelegramMethod::send_photo},
      {"image/jpeg", (10 << 20) + 1, false, TelegramMethod::send_document},
      {"image/png", 9, true, TelegramMethod::send_document},
      {"video/mp4", 40 << 20, false, TelegramMethod::send_video},
      {"audio/ogg", 9, false, TelegramMethod::send_voice},
      {"audio/mpeg", 9, false, TelegramMethod::send_audio},
      {"application/pdf", 9, false, TelegramMethod::send_document},
  };
  for (const auto& row : rows) {
    const TelegramUpload file{.mime_type = row.mime_type, .bytes = row.bytes};
    EXPECT_EQ(shape_of(file, row.as_document).method, row.method) << row.mime_type;
  }
}

}  // namespace
}  // namespace spine::channels
