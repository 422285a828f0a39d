# shellcheck shell=bash
# Real agents for the label peer: sourced by tests/peer/run, which has sourced engine/setup.sh.

readonly pi=0.87.1 acp_sdk=0.12.0 agents_node=26

# Installs Pi, the example agent of the Agent Client Protocol and the node they run under into
# SPINE_AGENT_PEERS (about 400 MB); does nothing where that was done.
install_agents() {
  export SPINE_AGENT_PEERS=${SPINE_AGENT_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/spine-peers/agents-1}
  [ ! -e "$SPINE_AGENT_PEERS/installed" ] || return 0
  say "Installing pi-coding-agent@$pi and @agentclientprotocol/sdk@$acp_sdk into $SPINE_AGENT_PEERS"
  mkdir -p "$SPINE_AGENT_PEERS"
  (cd "$SPINE_AGENT_PEERS" && echo '{"private":true}' >package.json &&
    npm install --no-audit --no-fund --loglevel=error "node@$agents_node" &&
    npm install --no-audit --no-fund --loglevel=error --ignore-scripts \
      "@earendil-works/pi-coding-agent@$pi" "@agentclientprotocol/sdk@$acp_sdk")
  touch "$SPINE_AGENT_PEERS/installed"
}
