"""The Control UI from a folder: its page, its files, what does not get out, its configuration."""

import base64
import hashlib
import json
import os
import pathlib
import socket
import tempfile
import unittest

from daemon import Daemon

SCRIPT = "window.started = true;"
INDEX = ('<!doctype html><html lang="en"><head><link rel="stylesheet" href="./assets/a.css">'
         f'<script>{SCRIPT}</script><script type="module" src="./assets/a.js"></script></head>'
         "<body></body></html>")


def make_ui(folder):
    ui = folder / "control-ui"
    (ui / "assets").mkdir(parents=True)
    (folder / "secret.txt").write_text("the secret", encoding="utf-8")
    (ui / "index.html").write_text(INDEX, encoding="utf-8")
    for name in ("a.js", "a.css", "a.svg", "a.woff2", "a.json", "a.bin"):
        (ui / "assets" / name).write_text(f"/* {name} */", encoding="utf-8")
    (ui / "assets" / "big.js").write_text("// line\n" * 100_000, encoding="utf-8")
    (ui / ".hidden").write_text("the secret", encoding="utf-8")
    (ui / "assets" / "link.txt").symlink_to(folder / "secret.txt")
    (ui / "assets" / "dir.txt").mkdir()
    return ui


class Ui(unittest.TestCase):
    base = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        ui = make_ui(pathlib.Path(folder.name))
        self.daemon = Daemon({"gateway": {"controlUi": {"root": str(ui), "basePath": self.base}}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def get(self, path, headers=None):
        return self.daemon.http("GET", path, headers)

    def raw_status(self, path):
        """(status, everything) of a path that http.client would not send."""
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return int(answer.split()[1]) if answer else 0, answer  # some end without an answer


class Page(Ui):
    def test_the_page_is_stamped_and_its_policy_knows_its_own_script(self):
        for path in ("/", "/index.html", "/chat", "/sessions/agent:main:main"):
            status, headers, body = self.get(path)
            self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"), path)
            self.assertIn('data-openclaw-control-ui-base-path=""', body)
            self.assertIn('src="/assets/a.js"', body)
            self.assertIn('href="/assets/a.css"', body)
            self.assertEqual(headers["Cache-Control"], "no-cache")
        digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
        policy = headers["Content-Security-Policy"]
        self.assertIn(f"script-src 'self' 'sha256-{digest}'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertIn("connect-src 'self' ws: wss:", policy)
        self.assertNotIn("unsafe-eval", policy)

    def test_files_have_their_types_and_are_whole(self):
        types = {"a.js": "text/javascript; charset=utf-8", "a.css": "text/css; charset=utf-8",
                 "a.svg": "image/svg+xml", "a.woff2": "font/woff2",
                 "a.json": "application/json; charset=utf-8", "a.bin": "application/octet-stream"}
        for name, kind in types.items():
            status, headers, body = self.get(f"/assets/{name}")
            self.assertEqual((status, headers["Content-Type"], body), (200, kind, f"/* {name} */"))
            self.assertIn("immutable", headers["Cache-Control"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        etag = headers["ETag"]
        self.assertEqual(self.get("/assets/a.bin", {"If-None-Match": etag})[0], 304)
        self.assertEqual(len(self.get("/assets/big.js")[2]), 800_000)

    def test_nothing_outside_the_folder_gets_out(self):
        for path in ("/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt",
                     "/assets/..%2f..%2fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt",
                     "/assets/..%5c..%5csecret.txt", "/assets/link.txt", "/.hidden", "/./.hidden",
                     "//etc/passwd.txt", "/assets/dir.txt", "/assets/a.js%00.txt"):
            status, answer = self.raw_status(path)
            self.assertNotIn(b"the secret", answer, path)
            self.assertNotIn(b"root:", answer, path)
            self.assertNotEqual(status, 500, path)
        self.assertEqual(self.raw_status("/assets/nothing.js")[0], 404)
        self.assertEqual(self.raw_status("/assets/link.txt")[0], 404)

    def test_what_programs_ask_for_is_no_page(self):
        for path in ("/api/x", "/v1/models", "/hooks/x"):
            self.assertEqual(self.get(path)[0], 404, path)
        self.assertTrue(self.daemon.get_json("/health")["ok"])
        self.assertEqual(self.daemon.http("POST", "/")[0], 405)


class Configuration(Ui):
    def ask(self, bearer=None, **headers):
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        return self.get("/control-ui-config.json", headers)

    def test_it_is_for_those_who_show_the_token(self):
        status, headers, _ = self.ask()
        self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"))
        self.assertEqual(self.ask("wrong")[0], 401)
        status, _, body = self.ask(self.daemon.token)
        config = json.loads(body)
        self.assertEqual((status, config["basePath"], config["assistantAgentId"]), (200, "", "main"))
        self.assertTrue(config["serverVersion"])
        self.assertNotIn(self.daemon.token, body)

    def test_a_page_that_guesses_is_locked_out(self):
        origin = {"Origin": f"http://127.0.0.1:{self.daemon.port}"}
        answers = [self.ask("wrong", **origin)[0] for _ in range(12)]
        self.assertEqual((answers[0], answers[-1]), (401, 429))
        status, headers, _ = self.ask(self.daemon.token, **origin)
        self.assertEqual(status, 429)
        self.assertGreater(int(headers["Retry-After"]), 0)
        self.assertEqual(self.ask(self.daemon.token)[0], 200)  # programs of this machine are not locked
        self.assertEqual(self.ask(self.daemon.token, Origin="http://evil.example")[0], 403)
        metrics = self.daemon.http("GET", "/metrics")[2]
        self.assertRegex(metrics, r'reason="HTTP_UNAUTHORIZED"} [1-9]')
        self.assertRegex(metrics, r'reason="HTTP_RATE_LIMITED"} [1-9]')


class BasePath(Ui):
    base = "/spine"

    def test_everything_is_below_the_base_path(self):
        status, headers, _ = self.get("/spine")
        self.assertEqual((status, headers["Location"]), (302, "/spine/"))
        body = self.get("/spine/")[2]
        self.assertIn('data-openclaw-control-ui-base-path="/spine"', body)
        self.assertIn('src="/spine/assets/a.js"', body)
        self.assertEqual(self.get("/spine/assets/a.js")[0], 200)
        self.assertEqual(self.get("/assets/a.js")[0], 404)
        self.assertEqual(self.get("/spineless")[0], 404)
        self.assertIn('href="/spine/"', self.get("/")[2])
        config = self.get("/spine/control-ui-config.json", {"Authorization": f"Bearer {self.daemon.token}"})
        self.assertEqual(json.loads(config[2])["basePath"], "/spine")


class NoUi(unittest.TestCase):
    def test_without_it_the_root_says_how_to_get_it(self):
        with Daemon(environment={"PATH": "/usr/bin:/bin"}) as daemon:
            daemon.start()
            status, _, body = daemon.http("GET", "/")
            self.assertEqual(status, 200)
            self.assertIn("npm install -g", body)
            self.assertIn("gateway.controlUi.root", body)
            self.assertEqual(daemon.http("GET", "/assets/a.js")[0], 404)

    def test_it_is_found_where_openclaw_is_installed(self):
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder) / "lib" / "openclaw"
            (package / "dist").mkdir(parents=True)
            make_ui(package / "dist")
            program = package / "openclaw.mjs"
            program.write_text("#!/usr/bin/env node\n", encoding="utf-8")
            binaries = pathlib.Path(folder) / "bin"
            binaries.mkdir()
            (binaries / "openclaw").symlink_to(program)
            with Daemon(environment={"PATH": f"{binaries}:{os.environ['PATH']}"}) as daemon:
                daemon.start()
                self.assertIn("data-openclaw-control-ui-base-path", daemon.http("GET", "/")[2])

    def test_it_can_be_turned_off(self):
        with tempfile.TemporaryDirectory() as folder:
            ui = make_ui(pathlib.Path(folder))
            with Daemon({"gateway": {"controlUi": {"enabled": False, "root": str(ui)}}}) as daemon:
                daemon.start()
                self.assertEqual(daemon.http("GET", "/assets/a.js")[0], 404)
                self.assertEqual(daemon.http("GET", "/control-ui-config.json")[0], 404)


if __name__ == "__main__":
    unittest.main()
