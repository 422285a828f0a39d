// Supervisor: what whoever started the daemon tells it, by signals, and what it tells systemd
// (sd_notify(3)).
#pragma once

#include <csignal>
#include <string_view>

namespace spine::loop {

// SIGTERM, SIGINT and SIGHUP: the ones the loop thread reads.
sigset_t handled_signals();

// For the calling thread and the threads it makes from then on. Also ignores SIGPIPE in the whole
// process: writing to a socket or pipe that is closed is an error, not an end.
void block_signals();

// For the calling thread: SIGTERM and SIGINT do what they do by default, which is to end the
// process. SIGHUP waits until it can be served.
// While the main thread recovers nothing is in memory alone, so that is safe.
void allow_signals();

// Tells systemd how the daemon is; does nothing when systemd did not start it. Thread: any.
void notify_ready(std::string_view status);
void notify_status(std::string_view status);
void notify_stopping();
void notify_reloading();
void notify_alive();

}  // namespace spine::loop
