# shellcheck shell=bash
# Clients and an emulator of chat platforms for the label peer: sourced by tests/peer/run, like install_agents.sh.

# Installs what tests/peer/bots pins (grammY, telegram-test-api) into SPINE_BOT_PEERS (10 MB); does nothing
# where that was done.
install_bots() {
  export SPINE_BOT_PEERS=${SPINE_BOT_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/spine-peers/bots-1}
  [ ! -e "$SPINE_BOT_PEERS/installed" ] || return 0
  say "Installing grammy and telegram-test-api into $SPINE_BOT_PEERS"
  mkdir -p "$SPINE_BOT_PEERS"
  # shellcheck disable=SC2154 # root is set by tests/peer/run
  cp "$root/tests/peer/bots/package.json" "$root/tests/peer/bots/package-lock.json" "$SPINE_BOT_PEERS"
  (cd "$SPINE_BOT_PEERS" && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts)
  touch "$SPINE_BOT_PEERS/installed"
}
