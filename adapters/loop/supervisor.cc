// Signal masks of the calling thread, and messages to systemd.
#include "adapters/loop/supervisor.h"

#include <pthread.h>
#include <string>
#include <systemd/sd-daemon.h>

#include "engine/pipeline/clock.h"

namespace spine::loop {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

void block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void allow_signals() {
  sigset_t set = handled_signals();
  sigdelset(&set, SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void notify_ready(std::string_view status) {
  sd_notify(0, ("READY=1\nSTATUS=" + std::string(status)).c_str());
}

void notify_status(std::string_view status) {
  sd_notify(0, ("STATUS=" + std::string(status)).c_str());
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
}

void notify_reloading() {
  const std::string now = std::to_string(pipeline::monotonic_now_us());
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + now).c_str());
}

void notify_alive() {
  sd_notify(0, "WATCHDOG=1");
}

}  // namespace spine::loop
