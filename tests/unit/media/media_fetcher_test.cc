// MediaFetcher: what comes over HTTP is kept whole or not at all, and it is said why.
#include "adapters/media/media_fetcher.h"

#include <event2/event.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "adapters/media/stored_file.h"
#include "schemas/vocab/sha256.h"
#include "tests/unit/outbound/http_client_fixture.h"

namespace spine::test {
namespace {

namespace fs = std::filesystem;

class MediaFetcherTest : public HttpClientTest {
 protected:
  void SetUp() override {
    HttpClientTest::SetUp();
    pool_ = std::make_unique<loop::FilePool>(base_);
    keeper_ = std::make_unique<media::MediaKeeper>(*pool_,
                                                   media::MediaStore::open(media_folder()).value());
    http_ = std::make_shared<HttpClient>(base_, loopback());
    fetcher_ = std::make_unique<media::MediaFetcher>(http_, *keeper_);
  }
  void TearDown() override {
    fetcher_.reset();
    http_.reset();
    keeper_.reset();
    pool_.reset();
    HttpClientTest::TearDown();
  }
  fs::path media_folder() const { return fs::path(folder_) / "media"; }
  // One try of what the server answers with.
  media::MediaFetched fetch(FaultServer::Script script, std::uint64_t bytes_max = 1'000) {
    serve(std::move(script));
    std::optional<media::MediaFetched> got;
    fetcher_->fetch({.url = url(), .bytes_max = bytes_max, .total_ms = 10'000},
                    [&](media::MediaFetched&& fetched) { got = std::move(fetched); });
    EXPECT_FALSE(got) << "never from within the call";
    run_until([&] { return got.has_value(); });
    EXPECT_THAT(got->reason, Not(HasSubstr(kSecret)));
    return std::move(*got);
  }
  // One that answers so.
  media::MediaFetched fetch_answer(const std::string& body, const std::string& status = "200 OK") {
    return fetch([body, status](FaultPeer& peer) {
      peer.request();
      peer.answer(body, status);
    });
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(media_folder()), {}));
  }

  std::unique_ptr<loop::FilePool> pool_{};
  std::unique_ptr<media::MediaKeeper> keeper_{};
  std::shared_ptr<HttpClient> http_{};
  std::unique_ptr<media::MediaFetcher> fetcher_{};
};

TEST_F(MediaFetcherTest, WhatComesIsKeptUnderItsSum) {
  const media::MediaFetched got = fetch_answer("%PDF-1.4 a letter");
  ASSERT_TRUE(got.file);
  EXPECT_EQ(got.file->sha256, sha256_of("%PDF-1.4 a letter"));
  EXPECT_EQ(got.file->mime_type, "application/pdf");
  EXPECT_TRUE(media::StoredFile::open(media_folder(), got.file->sha256));
  EXPECT_EQ(files(), 1U);
}

TEST_F(MediaFetcherTest, WhatIsRefusedIsNamedAndLeavesNothing) {
  using fb::AttachmentProblem;
  const struct {
    const char* status;
    const char* body;
    AttachmentProblem problem;
    bool again;
  } rows[] = {
      {"404 Not Found", "no", AttachmentProblem::expired, false},
      {"403 Forbidden", "no", AttachmentProblem::unavailable, false},
      {"502 Bad Gateway", "no", AttachmentProblem::unavailable, true},
      {"429 Too Many Requests", "no", AttachmentProblem::unavailable, true},
      {"200 OK", "", AttachmentProblem::unavailable, false},
  };
  for (const auto& row : rows) {
    const media::MediaFetched got = fetch_answer(row.body, row.status);
    EXPECT_FALSE(got.file) << row.status;
    EXPECT_EQ(got.problem, row.problem) << row.status;
    EXPECT_EQ(got.again, row.again) << row.status;
    EXPECT_NE(got.reason, "") << row.status;
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(MediaFetcherTest, WhatIsTooLargeOrBreaksOffLeavesNothing) {
  const media::MediaFetched large = fetch_answer(std::string(1'001, 'x'));
  EXPECT_EQ(large.problem, fb::AttachmentProblem::too_large);
  EXPECT_FALSE(large.again);
  const media::MediaFetched half = fetch([](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  EXPECT_EQ(half.problem, fb::AttachmentProblem::unavailable);
  EXPECT_TRUE(half.again);
  EXPECT_EQ(files(), 0U);
}

TEST_F(MediaFetcherTest, AFetcherThatGoesTellsNobodyAndLeavesNothing) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.wait_for_end();
  });
  fetcher_->fetch({.url = url(), .bytes_max = 10, .total_ms = 10'000},
                  [](media::MediaFetched&&) { FAIL() << "told"; });
  run_until([this] { return files() == 1; });
  fetcher_.reset();
  EXPECT_EQ(files(), 0U);
  run_until([this] { return http_->calls() == 0; });
}

}  // namespace
}  // namespace spine::test
