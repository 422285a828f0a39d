// LineFormat: one log message as a line of text or of JSON, for spdlog's sinks.
#pragma once

#include <memory>
#include <spdlog/formatter.h>
#include <string>

#include "engine/log/level.h"

namespace spine::log {

// Text: `2026-11-22T15:37:30.123+01:00 INFO  engine: message`.
// JSON: {"time","level","subsystem","message","_meta":{"date","logLevelName","name"}}, the fields
// that readers of tslog lines look for; _meta.name is itself JSON text, {"subsystem":...}.
// Expects messages that are printable() already.
class LineFormat final : public spdlog::formatter {
 public:
  explicit LineFormat(Format format) : format_(format) {}
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& dest) override;
  std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  Format format_;
  std::string line_{};  // as JSON; kept for its memory
};

}  // namespace spine::log
