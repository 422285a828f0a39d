"""Holds the list of Debian packages in engine/setup.sh against what CMake looks for."""

import re

import lint

# What a find_package, pkg_check_modules or find_program of ours needs from Debian.
PACKAGE_OF = {
    "Threads": "g++", "FlatBuffers": "libflatbuffers-dev",
    "Flatbuffers": "libflatbuffers-dev", "libwebsockets": "libwebsockets-dev",
    "simdjson": "libsimdjson-dev", "spdlog": "libspdlog-dev", "fmt": "libfmt-dev",
    "CLI11": "libcli11-dev", "OpenSSL": "libssl-dev", "PkgConfig": "pkg-config",
    "LMDB": "liblmdb-dev", "LIBEVENT": "libevent-dev", "XXHASH": "libxxhash-dev",
    "SYSTEMD": "libsystemd-dev", "SECCOMP": "libseccomp-dev", "GTest": "libgtest-dev", "benchmark": "libbenchmark-dev",
    "nlohmann_json": "nlohmann-json3-dev", "Python3": "python3", "ccache": "ccache",
    "CURL": "libcurl4-openssl-dev", "yaml-cpp": "libyaml-cpp-dev",
    "SODIUM": "libsodium-dev", "LIBMAGIC": "libmagic-dev",
    "MD4C": "libmd4c-dev", "UTF8PROC": "libutf8proc-dev",
}
# Needed without a find: headers only, and the tools that configure.
ALWAYS = {"cmake", "ninja-build", "flatbuffers-compiler", "libconcurrentqueue-dev"}

_FIND = re.compile(r"^\s*(?:find_package|pkg_check_modules)\s*\(\s*([\w-]+)"
                   r"|^\s*find_program\s*\(\s*\w+\s+(?:NAMES\s+)?(\w+)", re.MULTILINE)
_LISTS = re.compile(r"^readonly packages_to_\w+=\(([^)]*)\)", re.MULTILINE)


def check(root):
    listed = set()
    for match in _LISTS.finditer(lint.read(root, "engine/setup.sh")):
        listed.update(match.group(1).split())
    if not listed:
        return ["engine/setup.sh: no list of packages found"]
    found = [f"engine/setup.sh: {name} is not listed" for name in sorted(ALWAYS - listed)]
    for name in lint.tracked_files(root):
        if not name.endswith("CMakeLists.txt"):
            continue
        text = re.sub(r"#[^\n]*", "", lint.read(root, name))
        for match in _FIND.finditer(text):
            wanted = match.group(1) or match.group(2)
            package = PACKAGE_OF.get(wanted)
            where = f"{name}:{lint.line_of(text, match.start())}"
            if package is None:
                found.append(f"{where}: {wanted}: name its Debian package in tests/lint/packages.py")
            elif package not in listed:
                found.append(f"{where}: {wanted} needs {package}, which engine/setup.sh does not list")
    return found


SETUP = "readonly packages_to_build=(\n  g++ cmake ninja-build ccache flatbuffers-compiler\n" \
        "  libconcurrentqueue-dev libfmt-dev\n)\n"

CLEAN = {"engine/setup.sh": SETUP,
         "CMakeLists.txt": "find_package(fmt REQUIRED)\nfind_program(CCACHE ccache)\n"}

PLANTS = [
    ({"CMakeLists.txt": "find_package(OpenSSL REQUIRED)\n"}, "needs libssl-dev"),
    ({"CMakeLists.txt": "find_package(Boost REQUIRED)\n"}, "name its Debian package"),
    ({"journal/CMakeLists.txt": "pkg_check_modules(LMDB REQUIRED lmdb)\n"}, "needs liblmdb-dev"),
    ({"engine/setup.sh": SETUP.replace("ninja-build ", "")}, "ninja-build is not listed"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
