// HttpClientTest: a client, its loop, and the server it calls.
#pragma once

#include <csignal>
#include <cstdlib>
#include <event2/event.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "adapters/outbound/http_client.h"
#include "tests/unit/outbound/fault_server.h"

namespace spine::test {

using http::CallId;
using http::HttpClient;
using http::HttpMethod;
using http::HttpOutcome;
using http::HttpPart;
using http::HttpRequest;
using http::HttpResponse;
using http::OutboundPolicy;
using ::testing::HasSubstr;
using ::testing::Not;
namespace limits = ::spine::limits;

// Stands in the path, the query and a header of every request.
inline constexpr const char* kSecret = "s3cr3t-token";

inline OutboundPolicy loopback() {
  return {.addresses = {*parse_ip_range("127.0.0.0/8"), *parse_ip_range("::1")}};
}

class HttpClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    char folder[] = "/tmp/spine-http-XXXXXX";
    folder_ = ::mkdtemp(folder);
    base_ = ::event_base_new();
    make();
  }
  void TearDown() override {
    client_.reset();
    server_.reset();
    ::event_base_free(base_);
    std::filesystem::remove_all(folder_);
  }
  void make(OutboundPolicy policy = loopback(), const std::string& ca_file = {}) {
    client_.reset();
    client_ = std::make_unique<HttpClient>(base_, std::move(policy), ca_file);
  }
  FaultServer& serve(FaultServer::Script script, const TestCertificate* certificate = nullptr) {
    tls_ = certificate != nullptr;
    server_ = std::make_unique<FaultServer>(std::move(script), certificate);
    return *server_;
  }
  std::string url(const std::string& host = "127.0.0.1") const {
    return std::string(tls_ ? "https" : "http") + "://" + host + ":" +
           std::to_string(server_ ? server_->port() : 0) + "/bot" + kSecret + "/x?key=" + kSecret;
  }
  HttpRequest get() const { return {.url = url(), .headers = {{"Authorization", kSecret}}}; }
  HttpRequest post(std::string body = "{}") const {
    HttpRequest request = get();
    request.method = HttpMethod::post;
    request.body = std::move(body);
    return request;
  }

  CallId start(HttpRequest request) {
    const CallId id = client_->start(std::move(request), [this](HttpResponse&& response) {
      EXPECT_THAT(response.error, Not(HasSubstr(kSecret)));
      EXPECT_EQ(response.error.empty(), response.outcome == HttpOutcome::answered);
      if (on_told_) on_told_(response);
      told_.push_back(std::move(response));
    });
    return id;
  }
  void run_until(const std::function<bool()>& done) {
    while (!done())
      ::event_base_loop(base_, EVLOOP_ONCE);
  }
  // The next response.
  HttpResponse told() {
    run_until([this] { return !told_.empty(); });
    HttpResponse response = std::move(told_.front());
    told_.erase(told_.begin());
    return response;
  }
  HttpResponse call(HttpRequest request) {
    start(std::move(request));
    return told();
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string make_file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  std::string folder_{};
  event_base* base_{};
  bool tls_{};
  std::unique_ptr<FaultServer> server_{};
  std::unique_ptr<HttpClient> client_{};
  std::vector<HttpResponse> told_{};
  std::function<void(const HttpResponse&)> on_told_{};
};

// Empty when there is none.
inline std::string field(const HttpResponse& response, std::string_view name) {
  for (const auto& one : response.headers) {
    if (one.name == name) return one.value;
  }
  return {};
}

}  // namespace spine::test
