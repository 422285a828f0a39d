"""Keeps libwebsockets from serving HTTP: it would let strangers choose among its internal protocols."""

import re

import lint

# lws_adopt_socket() and its kin adopt with the role of HTTP; a listening context does so by itself.
SERVING = re.compile(r"\bLWS_ADOPT_HTTP\b|\blws_adopt_socket\w*\s*\(|\blws_serve_http_\w+\s*\("
                     r"|\blws_return_http_status\s*\(|\blws_http_transaction_completed\s*\(")
PORT = re.compile(r"\binfo\.port\s*=\s*(?!CONTEXT_PORT_NO_LISTEN)\w+")


def check(root):
    names = lint.cpp_files(root, "adapters")
    if not names:
        return ["no file to look at"]
    found = []
    for name in names:
        text = lint.blank(lint.read(root, name))
        for pattern in (SERVING, PORT):
            for match in pattern.finditer(text):
                found.append(f"{name}:{lint.line_of(text, match.start())}: {match.group(0)}: heads of requests are "
                             "read by http::RequestHead alone (adapters/websocket/net/net_loop.cc says why)")
    return found


CLEAN = {"adapters/websocket/net/net_loop.cc": "// never LWS_ADOPT_HTTP\ninfo.port = CONTEXT_PORT_NO_LISTEN_SERVER;\n"
                                       "type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL;\n"}

PLANTS = [
    ({"adapters/websocket/a.cc": "type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP;\n"}, "LWS_ADOPT_HTTP"),
    ({"adapters/websocket/a.cc": "lws_adopt_socket_vhost_readbuf(vhost, fd, text, bytes);\n"}, "lws_adopt_socket"),
    ({"adapters/http/a.cc": "lws_return_http_status(wsi, 403, nullptr);\n"}, "lws_return_http_status"),
    ({"adapters/websocket/a.cc": "info.port = 80;\n"}, "info.port"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
