"""The real Control UI in Chromium, and a page of another site that must not get in."""

import functools
import http.server
import json
import os
import pathlib
import sys
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from daemon import Daemon  # noqa: E402
from peers import CONTROL_UI, Home  # noqa: E402


class ControlUi(unittest.TestCase):
    def test_send_see_the_answer_reload_and_find_it_there(self):
        config = {"gateway": {"controlUi": {"root": str(CONTROL_UI)}},
                  "agents": {"entries": {"main": {"spine": {"delayMs": 2_000}}}}}
        with Daemon(config=config).start() as daemon:
            home = Home(daemon.folder / "peer")
            pictures = pathlib.Path(os.environ.get("SPINE_PICTURES", daemon.folder))
            done = home.node(HERE / "control_ui.mjs", f"http://127.0.0.1:{daemon.port}",
                             daemon.token, str(pictures), timeout=240)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            seen = json.loads(done.stdout)
            self.assertEqual(seen, {"pageErrors": [], "answered": True,
                                    "historyAfterReload": True})
            self.assertGreater((pictures / "answered.png").stat().st_size, 10_000)

    def test_a_page_of_another_origin_gets_nothing(self):
        with Daemon(config={}).start() as daemon:
            home = Home(daemon.folder / "peer")
            site = daemon.folder / "site"
            site.mkdir()
            (site / "index.html").write_text("<!doctype html><title>another site</title>")
            handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                done = home.node(HERE / "foreign_page.mjs",
                                 f"http://localhost:{server.server_address[1]}/",
                                 str(daemon.port), daemon.token, timeout=240)
            finally:
                server.shutdown()
                server.server_close()
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            outcome = json.loads(done.stdout)
            frames = outcome["socket"]["frames"]
            self.assertEqual(outcome["socket"]["code"], 1008)
            self.assertEqual(frames[0]["event"], "connect.challenge")
            self.assertFalse(frames[1]["ok"])
            self.assertEqual(frames[1]["error"]["details"]["code"],
                             "CONTROL_UI_ORIGIN_NOT_ALLOWED")
            self.assertEqual(len(frames), 2)
            self.assertIn("TypeError", str(outcome["health"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
