"""The set-up scripts on a pretended machine: what they install, when they do nothing, what they say."""

import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Pretended tools: each writes down how it was called; the files beside them say what they know.
TOOLS = {
    "dpkg-query": 'grep -qx "${@: -1}" "$HOME/installed" && printf installed || exit 1',
    "apt-cache": 'for name in "${@:3}"; do grep -qx "$name" "$HOME/known" && echo "Package: $name"; done; exit 0',
    "apt-get": 'echo "apt-get ${@}" >>"$HOME/calls"\n'
               'case "$*" in *update*) cp "$HOME/archive" "$HOME/known" ;; esac\n'
               'case "$*" in *install*) [ -e "$HOME/broken" ] && exit 100 ;; esac\nexit 0',
    "id": 'cat "$HOME/uid"',
    "nproc": "echo 64",
}


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        for name, text in TOOLS.items():
            path = self.home / name
            path.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
            path.chmod(0o755)
        self.know(uid="0", installed="g++", known="g++\ncmake", archive="g++\ncmake\nccache", calls="")

    def know(self, **files):
        for name, text in files.items():
            (self.home / name).write_text(text + "\n" if text else "", encoding="utf-8")

    def shell(self, script, path=None):
        return subprocess.run(
            ["bash", "-c", f"set -euo pipefail; root={shlex.quote(str(ROOT))}; "
                           f'. "$root/engine/setup.sh"; {script}'],
            capture_output=True, text=True, check=False,
            env={"HOME": str(self.home), "PATH": path or f"{self.home}:/usr/bin:/bin"})

    def calls(self):
        return (self.home / "calls").read_text(encoding="utf-8").splitlines()

    def test_nothing_missing_means_nothing_done_and_nothing_said(self):
        answer = self.shell("install_packages g++")
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, "", ""))
        self.assertEqual(self.calls(), [])

    def test_what_is_missing_is_named_and_installed_without_an_update(self):
        answer = self.shell("install_packages g++ cmake")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("Installing 1 missing Debian packages: cmake", answer.stdout)
        self.assertEqual(len(self.calls()), 1)
        self.assertTrue(self.calls()[0].endswith("install --no-install-recommends cmake"))

    def test_unknown_packages_bring_an_update_first(self):
        answer = self.shell("install_packages g++ cmake ccache")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertTrue(self.calls()[0].endswith("update"))
        self.assertTrue(self.calls()[1].endswith("cmake ccache"))

    def test_a_failed_install_is_tried_again_once_and_then_an_error(self):
        self.know(broken="yes")
        answer = self.shell("install_packages cmake")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("Error: apt-get could not install: cmake", answer.stderr)
        self.assertEqual(len(self.calls()), 3)

    def test_without_root_and_sudo_it_says_what_root_must_run(self):
        self.know(uid="1000")
        (self.home / "bash").symlink_to("/bin/bash")
        for name in ("env", "grep", "cp", "cat"):
            (self.home / name).symlink_to(f"/usr/bin/{name}")
        answer = self.shell("install_packages cmake", path=str(self.home))
        self.assertEqual(answer.returncode, 1)
        self.assertIn("apt-get install cmake", answer.stderr)

    def test_jobs_fit_the_memory_and_are_at_least_one(self):
        jobs = int(self.shell("build_jobs").stdout)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        self.assertTrue(1 <= jobs <= max(1, memory // 1_450_000_000))

    def test_up_refuses_arguments_it_does_not_know(self):
        answer = subprocess.run([ROOT / "engine" / "up", "--port", "1"], capture_output=True,
                                text=True, check=False)
        self.assertEqual(answer.returncode, 2)
        self.assertIn("after --", answer.stderr)


if __name__ == "__main__":
    unittest.main()
