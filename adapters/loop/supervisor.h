// Supervisor: signals to the daemon from whatever started it, and notifications to systemd
// (sd_notify(3)).
#pragma once

#include <csignal>
#include <string_view>

namespace spine::loop {

// SIGTERM, SIGINT and SIGHUP: the ones the loop thread reads.
sigset_t handled_signals();

// Blocks them in the calling thread and the threads it starts later. Also ignores SIGPIPE in the
// whole process, so that a write to a closed socket or pipe fails with EPIPE.
void block_signals();

// In the calling thread SIGTERM and SIGINT end the process again, by their default action; SIGHUP
// stays pending. Safe while the main thread recovers, as all state is in the journal then.
void allow_signals();

// Tell systemd the daemon's state; no effect if systemd did not start it. Thread: any.
void notify_ready(std::string_view status);
void notify_status(std::string_view status);
void notify_stopping();
void notify_reloading();
void notify_alive();

}  // namespace spine::loop
