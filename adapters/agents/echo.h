// EchoDriver: the built-in agent "spine/echo", which answers with what it was told.
#pragma once

#include <cstdint>
#include <event2/event.h>
#include <memory>
#include <string_view>

#include "adapters/agents/answers.h"
#include "adapters/agents/driver.h"

namespace spine::agents {

inline constexpr std::string_view kEchoModel = "spine/echo";

// Answers "echo: <text>", with the names of files that came with it, at once or after `delay_ms`;
// needs nothing from outside, so it is always ready. `base` and `answers` outlive it. Thread: loop.
std::unique_ptr<Driver> make_echo_driver(event_base* base, Answers& answers,
                                         std::uint32_t delay_ms);

}  // namespace spine::agents
