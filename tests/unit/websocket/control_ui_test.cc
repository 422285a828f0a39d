// The Control UI's files: found, stamped, served, and nothing beside them.
#include "adapters/http/control_ui.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace spine::http {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex =
    "<!doctype html><html lang=\"en\"><head><link href=\"./a.css\"><script>var a=1;</script>"
    "<script type=\"module\" src=\"./assets/i.js\"></script></head></html>";

class ControlUiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    place_ = fs::path{::testing::TempDir()} / ("ui" + std::to_string(::getpid()));
    fs::remove_all(place_);
    root_ = place_ / "pkg" / "dist" / "control-ui";
    write(root_ / "index.html", kIndex);
    write(root_ / "assets" / "i.js", "import 1");
    write(root_ / "assets" / "i.js.br", "BR");
    write(root_ / "favicon.svg", "<svg/>");
    write(place_ / "secret.txt", "secret");
    write(root_ / ".hidden.txt", "hidden");
  }
  void TearDown() override { fs::remove_all(place_); }
  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream{path} << text;
  }
  static std::string text_of(const Response& response) {
    std::string text(response.file_bytes, '\0');
    EXPECT_EQ(::pread(response.file.get(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
    return text;
  }
  static Response ask(const ControlUi& ui, std::string_view path, Request request = {}) {
    request.path = path;
    auto response = ui.serve(request);
    EXPECT_TRUE(response) << path;
    return response ? *std::move(response) : Response{.status = 0};
  }
  fs::path place_{};
  fs::path root_{};
};

TEST_F(ControlUiTest, IndexIsStampedAndItsScriptsAreAllowedByHash) {
  const ControlUi ui{"/ui/", root_};
  for (const char* path : {"/ui/", "/ui/chat", "/ui/agents/main", "/ui/index.html"}) {
    const Response response = ask(ui, path);
    EXPECT_EQ(response.status, 200);
    EXPECT_NE(response.body.find("<html data-openclaw-control-ui-base-path=\"/ui\" lang"),
              std::string::npos);
    EXPECT_NE(response.body.find("href=\"/ui/a.css\""), std::string::npos);
    EXPECT_NE(response.body.find("src=\"/ui/assets/i.js\""), std::string::npos);
    EXPECT_EQ(response.cache_control, "no-cache");
    // printf 'var a=1;' | openssl dgst -sha256 -binary | base64
    EXPECT_NE(response.content_security_policy.find(
                  "script-src 'self' 'sha256-gaaMFNHZyRta8zB2VHkWLMP4tMxJ+d8v3dTW7nw2r6M=';"),
              std::string::npos)
        << response.content_security_policy;
    EXPECT_EQ(response.content_security_policy.find("unsafe-eval"), std::string::npos);
  }
  EXPECT_EQ(ask(ui, "/ui").location, "/ui/");
  EXPECT_FALSE(ui.serve({.path = "/uix"}));
  EXPECT_FALSE(ui.serve({.path = "/"}));
}

TEST_F(ControlUiTest, AssetsCarryTypeCachingAndCoding) {
  const ControlUi ui{"", root_};
  const Response plain = ask(ui, "/assets/i.js");
  EXPECT_EQ(plain.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(plain.cache_control, "public, max-age=31536000, immutable");
  EXPECT_EQ(text_of(plain), "import 1");
  const Response packed = ask(ui, "/assets/i.js", {.accept_encoding = "gzip, br;q=1.0"});
  EXPECT_EQ(packed.content_encoding, "br");
  EXPECT_EQ(text_of(packed), "BR");
  EXPECT_EQ(ask(ui, "/assets/i.js", {.accept_encoding = "br;q=0, gzip"}).content_encoding, "");
  const Response icon = ask(ui, "/favicon.svg");
  EXPECT_EQ(icon.content_type, "image/svg+xml");
  EXPECT_EQ(icon.cache_control, "no-cache");
  EXPECT_EQ(ask(ui, "/favicon.svg", {.if_none_match = icon.etag}).status, 304);
}

TEST_F(ControlUiTest, NothingBesideTheFilesIsServed) {
  fs::create_symlink(place_ / "secret.txt", root_ / "link.txt");
  fs::create_directory_symlink(place_, root_ / "out");
  ASSERT_EQ(::mkfifo((root_ / "pipe.txt").c_str(), 0600), 0);
  const ControlUi ui{"", root_};
  for (const std::string path :
       {"/missing.js", "/../secret.txt", "/../../../secret.txt", "/assets/../../x.txt",
        "/..\\secret.txt", "/link.txt", "/out/secret.txt", "/.hidden.txt", "//etc/passwd.txt",
        "/assets//i.js", "/pipe.txt", "/./favicon.svg", "/assets/i.js/x.txt"}) {
    const Response response = ask(ui, path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.body, "Not Found");
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  }
  EXPECT_EQ(ask(ui, std::string_view{"/favicon.svg\0.js", 16}).status, 404);
}

TEST_F(ControlUiTest, ProgramsPathsAndOurOwnWinOverThePage) {
  const ControlUi ui{"", root_};
  pipeline::Shared shared;
  const Facts facts{.shared = &shared, .version = "1"};
  const Content content{.control_ui = &ui};
  const auto type = [&](std::string_view path) {
    return answer({.method = "GET", .path = path, .host = "localhost"}, facts, content);
  };
  EXPECT_EQ(type("/health").content_type, "application/json; charset=utf-8");
  EXPECT_EQ(type("/api/nope").status, 404);
  EXPECT_EQ(type("/v1").status, 404);
  EXPECT_EQ(type("/apiary").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(type("/").content_security_policy.find("sha256-") == std::string::npos, false);
  const Response post =
      answer({.method = "POST", .path = "/chat", .host = "localhost"}, facts, content);
  EXPECT_EQ(post.status, 404);
}

TEST_F(ControlUiTest, WithoutFilesThePlainPageSaysHowToGetThem) {
  const ControlUi ui{"", place_ / "nowhere"};
  EXPECT_FALSE(ui.available());
  pipeline::Shared shared;
  const Facts facts{.shared = &shared, .version = "1"};
  const Response page =
      answer({.method = "GET", .path = "/", .host = "localhost"}, facts, {.control_ui = &ui});
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("gateway.controlUi.root"), std::string::npos);
}

TEST_F(ControlUiTest, IsFoundByTheProgramOnThePath) {
  write(place_ / "pkg" / "openclaw.mjs", "#!/usr/bin/env node\n");
  fs::create_directories(place_ / "bin");
  fs::create_symlink("../pkg/openclaw.mjs", place_ / "bin" / "openclaw");
  const std::string path = "relative:/nowhere:" + (place_ / "bin").string();
  EXPECT_EQ(find_control_ui(path.c_str()), fs::canonical(root_));
  EXPECT_EQ(find_control_ui("/nowhere"), fs::path{});
  EXPECT_EQ(find_control_ui(nullptr), fs::path{});
}

TEST(BasePath, IsSpelledOneWay) {
  EXPECT_EQ(normal_base_path("/"), "");
  EXPECT_EQ(normal_base_path("ui/"), "/ui");
  EXPECT_EQ(normal_base_path("//evil.example/"), "/evil.example");
  EXPECT_EQ(normal_base_path("/a\r\nX: y"), "");
}

}  // namespace
}  // namespace spine::http
