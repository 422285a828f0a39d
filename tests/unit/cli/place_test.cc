// Tests of where a gateway is found (gateway_place.h), what a reload changes (daemon.h), and
// tables.
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>

#include "adapters/cli/output.h"
#include "adapters/gateway/daemon.h"
#include "adapters/gateway/gateway_place.h"
#include "engine/state_dir/state_dir.h"
#include "engine/state_dir/token.h"

namespace spine::gateway {
namespace {

namespace fs = std::filesystem;

const char* nothing(const char*) {
  return nullptr;
}
const char* port_in_environment(const char* name) {
  return std::string_view(name) == "OPENCLAW_GATEWAY_PORT" ? "20001" : nullptr;
}

class PlaceTest : public ::testing::Test {
 protected:
  PlaceTest() {
    std::string name = (fs::temp_directory_path() / "spine-cli-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    dir_ = name;
    common_.state_dir = dir_.string();
    common_.config = (dir_ / "openclaw.json").string();
  }
  ~PlaceTest() override {
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
  }
  void write_config(const std::string& text) { std::ofstream(dir_ / "openclaw.json") << text; }
  Place found(config::GetEnv env = nothing) {
    auto place = locate(common_, env);
    EXPECT_TRUE(place) << place.error().message;
    return std::move(*place);
  }
  fs::path dir_{};
  Common common_{};
};

TEST_F(PlaceTest, WithoutAnythingTheDefaultsHold) {
  const Place place = found();
  EXPECT_EQ(place.target.address, "127.0.0.1");
  EXPECT_EQ(place.target.port, 18789);
  EXPECT_FALSE(place.config_error);
}

TEST_F(PlaceTest, ThePortComesFromFlagThenEnvironmentThenDaemonThenConfiguration) {
  write_config("{ gateway: { port: 20000 } }");
  EXPECT_EQ(found().target.port, 20000);
  auto lock = state_dir::StateLock::acquire(dir_);
  ASSERT_TRUE(lock) << lock.error().message;
  ASSERT_TRUE(lock->set_port(20002));
  EXPECT_EQ(found().target.port, 20002);
  EXPECT_EQ(found(port_in_environment).target.port, 20001);
  common_.port = 20003;
  EXPECT_EQ(found(port_in_environment).target.port, 20003);
}

TEST_F(PlaceTest, TheTokenComesFromFlagFileConfigurationThenStateDirectory) {
  const auto kept = state_dir::load_or_create_token(dir_);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(found().target.token, *kept);
  write_config("{ gateway: { auth: { mode: 'token', token: 'from-the-configuration' } } }");
  EXPECT_EQ(found().target.token, "from-the-configuration");
  common_.token_file = state_dir::token_path(dir_).string();
  EXPECT_EQ(found().target.token, *kept);
  common_.token = "from-the-flag";
  EXPECT_EQ(found().target.token, "from-the-flag");
}

TEST_F(PlaceTest, WhereAPasswordDecidesItIsUsedAndNoTokenThatLiesAbout) {
  ASSERT_TRUE(state_dir::load_or_create_token(dir_));
  write_config("{ gateway: { auth: { password: 'from-the-configuration' } } }");
  EXPECT_EQ(found().target.token, "from-the-configuration");
  write_config("{ gateway: { auth: { mode: 'password', password: 'pw', token: 'unused' } } }");
  EXPECT_EQ(found().target.token, "pw");
  common_.token = "from-the-flag";
  EXPECT_EQ(found().target.token, "from-the-flag");
}

TEST_F(PlaceTest, ABrokenConfigurationIsReportedAndDefaultsGoOn) {
  write_config("{ gateway: { port: 'many' } }");
  const Place place = found();
  ASSERT_TRUE(place.config_error);
  EXPECT_NE(place.config_error->message.find("openclaw.json"), std::string::npos);
  EXPECT_EQ(place.target.port, 18789);
}

TEST_F(PlaceTest, AMissingTokenFileIsAnError) {
  common_.token_file = (dir_ / "absent").string();
  EXPECT_FALSE(locate(common_, nothing));
}

TEST(Reload, PolicyAgentsAndLogLevelApplyLiveAddressesWait) {
  config::Config before;
  before.agents.push_back({.id = "main"});
  config::Config after = before;
  EXPECT_FALSE(compare(before, after).policy);
  EXPECT_TRUE(compare(before, after).at_next_start.empty());
  after.messages_per_minute = 5;
  after.log_level = config::LogLevel::debug;
  after.agents[0].echo_delay_ms = 10;
  after.port = 20000;
  after.token = "other";
  const ConfigChange change = compare(before, after);
  EXPECT_TRUE(change.policy);
  EXPECT_TRUE(change.agents);
  EXPECT_TRUE(change.log_level);
  EXPECT_EQ(change.at_next_start, (std::vector<std::string>{"gateway.port", "gateway.auth.token"}));
}

TEST(Table, AlignsColumnsByCharactersAndNeutralisesCells) {
  cli::Table table({"KEY", "RUN"});
  table.add({"k\xc3\xa4se", "-"});
  table.add({"a\x1b[31m", "running"});
  EXPECT_EQ(table.text(), "KEY        RUN\nk\xc3\xa4se       -\na\\x1b[31m  running\n");
}

}  // namespace
}  // namespace spine::gateway
