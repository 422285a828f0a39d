# shellcheck shell=bash disable=SC2034,SC2154 # lists for, and root from, the script that sources this
# What engine/up, tests/run and .ci/run share: the packages they need, and how to configure and build.
# Sourced, never run; the caller has set -euo pipefail and $root (the top of the tree).

# The one list of Debian 12 packages. tests/lint/packages.py holds CMakeLists.txt against it.
# bubblewrap is no part of the build: the daemon runs agents in it.
readonly packages_to_build=(
  g++ cmake ninja-build ccache pkg-config
  libevent-dev libwebsockets-dev libflatbuffers-dev flatbuffers-compiler liblmdb-dev
  libconcurrentqueue-dev libcli11-dev libfmt-dev libspdlog-dev libsimdjson-dev libssl-dev
  libxxhash-dev libsystemd-dev libseccomp-dev libcurl4-openssl-dev libyaml-cpp-dev
  libsodium-dev libmagic-dev libmd4c-dev libutf8proc-dev
  bubblewrap
)
readonly packages_to_test=(
  git libgtest-dev libgmock-dev libbenchmark-dev nlohmann-json3-dev binutils openssl
  python3 python3-flatbuffers python3-lmdb
)
readonly packages_to_check=(
  clang-14 libclang-rt-14-dev clang-tidy clang-format shellcheck
)

say() { printf '==> %s\n' "$*"; }

die() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

# Runs apt-get as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# The packages of "$@" that are not installed, one a line.
missing_packages() {
  local package state
  for package in "$@"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || printf '%s\n' "$package"
  done
}

# How many of the packages the lists of apt on this machine know.
known_packages() {
  (apt-cache show --no-all-versions "$@" 2>/dev/null || true) | grep -c '^Package: ' || true
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

# Installs what is missing of "$@"; says what it does, and does nothing when nothing is missing.
install_packages() {
  local missing=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is not Debian: make sure that the counterparts of these are installed: $*"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" = 0 ]; then
    return
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "${#missing[@]} packages are missing and this is neither root nor is there sudo. As root, run:
  apt-get install ${missing[*]}"
  fi
  say "Installing ${#missing[@]} missing Debian packages: ${missing[*]}"
  if [ "$(known_packages "${missing[@]}")" -lt "${#missing[@]}" ]; then
    say "Refreshing the package lists (apt-get update)"
    apt_get update
  fi
  if ! apt_get install --no-install-recommends "${missing[@]}" >/dev/null; then
    say "That failed; refreshing the package lists (apt-get update) and trying once more"
    apt_get update
    apt_get install --no-install-recommends "${missing[@]}" >/dev/null ||
      die "apt-get could not install: ${missing[*]}"
  fi
}

# How many compilers may run at once: one per processor, and 1.5 GB of memory for each.
build_jobs() {
  local processors memory_kib limit jobs
  processors=$(nproc)
  memory_kib=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
  if [[ "$limit" =~ ^[0-9]+$ ]] && [ $((limit / 1024)) -lt "$memory_kib" ]; then
    memory_kib=$((limit / 1024))
  fi
  jobs=$((memory_kib / 1500000))
  if [ "$jobs" -gt "$processors" ]; then jobs=$processors; fi
  if [ "$jobs" -lt 1 ]; then jobs=1; fi
  printf '%s\n' "$jobs"
}

# configure <preset> [cmake args]: into build/<preset>. Its output is shown when it fails.
configure() {
  local preset=$1 log
  shift
  mkdir -p "$root/build/$preset"
  log=$root/build/$preset/configure.log
  say "Configuring build/$preset"
  if ! (cd "$root" && cmake --preset "$preset" "$@") >"$log" 2>&1; then
    cat "$log" >&2
    die "configuring preset $preset failed; the text above is also in build/$preset/configure.log"
  fi
}

# build <preset> [targets]
build() {
  local preset=$1 jobs
  shift
  jobs=$(build_jobs)
  say "Building build/$preset with $jobs job(s)${1:+: $*}"
  cmake --build "$root/build/$preset" -j "$jobs" ${1:+--target "$@"} ||
    die "building preset $preset failed; the first error above is the one to look at"
}
