// spine-echo-server: raw libwebsockets that echoes text frames, the ceiling for a WebSocket server.
//
// Every frame that arrives is framed by us into its connection's buffer; after each service turn
// the whole buffer goes out in one lws_write. LWS_WRITE_HTTP is what libwebsockets' WebSocket role
// passes through unframed (ops-ws.c of 4.1.6). One lws_write per frame would be 8 to 20 times
// slower with pipelined clients.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <libwebsockets.h>
#include <sys/resource.h>
#include <vector>

namespace spine::bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
constexpr std::size_t kWriteBytes = std::size_t{128} * 1024;

std::atomic<lws_context*> running{nullptr};
std::atomic<bool> stopping{false};

void on_signal(int /*number*/) {
  stopping.store(true);
  if (lws_context* context = running.load()) lws_cancel_service(context);
}

struct Connection {
  lws* wsi{};
  bool dirty{};
  std::vector<unsigned char> message{};  // fragments of a message that is not complete
  std::vector<unsigned char> out{};      // LWS_PRE bytes, then frames
};

struct Session {
  Connection* connection{};  // owned; freed at LWS_CALLBACK_CLOSED
};

// One service thread: no locks.
class EchoServer {
 public:
  void echo(Connection& connection, const unsigned char* in, std::size_t bytes, bool complete) {
    if (connection.message.empty() && complete) return append(connection, in, bytes);
    connection.message.insert(connection.message.end(), in, in + bytes);
    if (!complete) return;
    append(connection, connection.message.data(), connection.message.size());
    connection.message.clear();
  }

  // Writes what a connection has, unless libwebsockets still holds part of the last write.
  void flush(Connection& connection) {
    if (connection.out.size() <= LWS_PRE) return;
    if (lws_partial_buffered(connection.wsi) != 0) {
      lws_callback_on_writable(connection.wsi);
      return;
    }
    lws_write(connection.wsi, connection.out.data() + LWS_PRE, connection.out.size() - LWS_PRE,
              LWS_WRITE_HTTP);
    connection.out.resize(LWS_PRE);
  }

  void flush_dirty() {
    for (Connection* connection : dirty_) {
      if (connection == nullptr) continue;
      connection->dirty = false;
      flush(*connection);
    }
    dirty_.clear();
  }

  void forget(const Connection* connection) {
    for (auto& entry : dirty_) {
      if (entry == connection) entry = nullptr;
    }
  }

 private:
  void append(Connection& connection, const unsigned char* in, std::size_t bytes) {
    auto& out = connection.out;
    out.push_back(0x81);
    if (bytes < 126) {
      out.push_back(static_cast<unsigned char>(bytes));
    } else if (bytes < 65536) {
      out.push_back(126);
      out.push_back(static_cast<unsigned char>(bytes >> 8));
      out.push_back(static_cast<unsigned char>(bytes & 0xFFU));
    } else {
      out.push_back(127);
      for (int shift = 56; shift >= 0; shift -= 8) {
        out.push_back(static_cast<unsigned char>((std::uint64_t{bytes} >> shift) & 0xFFU));
      }
    }
    out.insert(out.end(), in, in + bytes);
    if (!connection.dirty) {
      connection.dirty = true;
      dirty_.push_back(&connection);
    }
  }

  std::vector<Connection*> dirty_{};
};

EchoServer server;

int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t bytes) {
  auto* session = static_cast<Session*>(user);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      session->connection = new Connection{.wsi = wsi};
      session->connection->out.resize(LWS_PRE);
      break;
    case LWS_CALLBACK_RECEIVE:
      server.echo(*session->connection, static_cast<const unsigned char*>(in), bytes,
                  lws_is_final_fragment(wsi) != 0 && lws_remaining_packet_payload(wsi) == 0);
      break;
    case LWS_CALLBACK_SERVER_WRITEABLE:
      server.flush(*session->connection);
      break;
    case LWS_CALLBACK_CLOSED:
      server.forget(session->connection);
      delete session->connection;
      session->connection = nullptr;
      break;
    default:
      break;
  }
  return 0;
}

int serve(int port) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  lws_set_log_level(LLL_ERR | LLL_WARN, nullptr);
  lws_protocols protocols[2];
  std::memset(protocols, 0, sizeof protocols);
  protocols[0].name = "echo";
  protocols[0].callback = on_event;
  protocols[0].per_session_data_size = sizeof(Session);
  protocols[0].rx_buffer_size = kReadBytes;
  protocols[0].tx_packet_size = kWriteBytes;
  lws_context_creation_info info;
  std::memset(&info, 0, sizeof info);
  info.port = port;
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.pt_serv_buf_size = kReadBytes;
  info.gid = static_cast<gid_t>(-1);
  info.uid = static_cast<uid_t>(-1);
  lws_context* context = lws_create_context(&info);
  if (context == nullptr) {
    std::fprintf(stderr, "Error: listening on 127.0.0.1:%d failed.\n", port);
    return 1;
  }
  running.store(context);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  while (!stopping.load() && lws_service(context, 0) >= 0)
    server.flush_dirty();
  running.store(nullptr);
  lws_context_destroy(context);
  return 0;
}

}  // namespace
}  // namespace spine::bench

int main(int argc, char** argv) {
  CLI::App app{"Raw libwebsockets echo on loopback with batched writes."};
  int port = 0;
  app.add_option("--port", port)->required()->check(CLI::Range(1, 65535));
  CLI11_PARSE(app, argc, argv);
  return spine::bench::serve(port);
}
