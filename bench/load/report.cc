// Report: joins the workers' tallies and writes them down.
#include "bench/load/report.h"

#include <algorithm>
#include <fmt/format.h>

namespace spine::bench {
namespace {

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out + "\"";
}

double per(std::uint64_t ns, std::uint64_t messages) {
  return messages == 0 ? 0 : static_cast<double>(ns) / 1e3 / static_cast<double>(messages);
}

}  // namespace

std::string_view mode_name(Mode mode) {
  constexpr std::string_view kNames[] = {"ingest", "roundtrip", "idle", "echo", "redis", "nats"};
  return kNames[static_cast<std::size_t>(mode)];
}

Report join(const std::vector<const Tally*>& tallies) {
  Report report;
  Histogram latency;
  std::uint64_t server_ns = 0;
  std::uint64_t client_ns = 0;
  std::int64_t measured_ns = 0;
  for (const auto* tally : tallies) {
    latency.merge(tally->latency);
    report.messages_all += tally->messages_all;
    report.unanswered += tally->unanswered;
    measured_ns = std::max(measured_ns, tally->measured_ns);
    server_ns += tally->server_cpu_ns;
    client_ns += tally->client_cpu_ns;
    if (report.error.empty()) report.error = tally->error;
  }
  const auto us = [&](double fraction) { return static_cast<double>(latency.at(fraction)) / 1e3; };
  report.messages = latency.count();
  report.seconds = static_cast<double>(measured_ns) / 1e9;
  if (measured_ns > 0) report.per_second = static_cast<double>(latency.count()) / report.seconds;
  report.p50_us = us(0.5);
  report.p99_us = us(0.99);
  report.p999_us = us(0.999);
  report.max_us = static_cast<double>(latency.max_ns()) / 1e3;
  report.server_cpu_us = per(server_ns, latency.count());
  report.client_cpu_us = per(client_ns, latency.count());
  if (report.error.empty() && report.messages == 0) report.error = "Nothing was answered.";
  return report;
}

std::string to_json(const Options& options, const Report& report) {
  return fmt::format(
      "{{\"mode\":\"{}\",\"connections\":{},\"depth\":{},\"threads\":{},\"bytes\":{},"
      "\"seconds\":{:.4f},\"messages\":{},\"messages_all\":{},\"unanswered\":{},"
      "\"per_second\":{:.1f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f},"
      "\"max_us\":{:.1f},\"server_cpu_us\":{:.3f},\"client_cpu_us\":{:.3f},\"error\":{}}}",
      mode_name(options.mode), options.connections, options.depth, options.threads, options.bytes,
      report.seconds, report.messages, report.messages_all, report.unanswered, report.per_second,
      report.p50_us, report.p99_us, report.p999_us, report.max_us, report.server_cpu_us,
      report.client_cpu_us, json_quoted(report.error));
}

std::string to_line(const Options& options, const Report& report) {
  const std::string error = report.error.empty() ? "" : "  ERROR: " + report.error;
  return fmt::format(
      "{} {}x{}: {:.0f} messages/s, p50 {:.0f} us, p99 {:.0f} us, p99.9 {:.0f} us, {} messages in "
      "{:.2f} s, CPU per message: server {:.2f} us, client {:.2f} us{}",
      mode_name(options.mode), options.connections, options.depth, report.per_second, report.p50_us,
      report.p99_us, report.p999_us, report.messages, report.seconds, report.server_cpu_us,
      report.client_cpu_us, error);
}

}  // namespace spine::bench
