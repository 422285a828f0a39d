// The verbs of `spine` in the order of its help, as an X-macro: one line both declares a function
// and lists it. SPINE_VERB: the words, the function that declares its options, its help.
// SPINE_READS: a verb all of whose calls only read what is in the journal, so that `spine at` can
// run it. SPINE_TITLE: title of the verbs that follow. Those of replay/verb_table.h come behind
// these.
SPINE_VERB("run", run, "Run the gateway here until Ctrl-C")
SPINE_VERB("start", start, "Start the gateway in the background; returns when it is ready")
SPINE_VERB("stop", stop, "Stop the gateway; returns when it is gone")
SPINE_VERB("restart", restart, "Stop, then start")
SPINE_READS("status", status, "What runs, where, and how it is")
SPINE_VERB("health", health, "Ask the gateway whether it is healthy")
SPINE_VERB("logs", logs, "Print the gateway's log")
SPINE_VERB("doctor", doctor, "Check the set-up and say what to do")
SPINE_VERB("install", install, "Run the gateway as a systemd user service from now on")
SPINE_VERB("uninstall", uninstall, "Remove the systemd user service")
SPINE_VERB("send", send, "Send a message to an agent and print the reply")
SPINE_TITLE("message", "Texts to conversations of channels")
SPINE_VERB("message send", message_send, "Send a text to a conversation of a channel")
SPINE_VERB("message read", message_read, "Print what was said last in a conversation of a channel")
SPINE_TITLE("sessions", "Look at conversations, and end them")
SPINE_READS("sessions list", sessions_list, "List sessions, latest first")
SPINE_READS("sessions show", sessions_show, "Show one session with its messages")
SPINE_VERB("sessions reset", sessions_reset,
           "Start a session afresh; ends what is being worked on in it")
SPINE_VERB("sessions delete", sessions_delete,
           "Delete a session; ends what is being worked on in it")
SPINE_VERB("sessions abort", sessions_abort,
           "End what is being worked on in a session, and what waits there")
SPINE_VERB("sessions rewind", sessions_rewind,
           "Go back in a session to an earlier message; ends what is being worked on in it")
SPINE_VERB("sessions fork", sessions_fork,
           "Begin a new session with the history of another, up to a message")
SPINE_TITLE("runs", "What agents are working on")
SPINE_READS("runs list", runs_list, "List what is being worked on and what waits, the oldest first")
SPINE_VERB("runs abort", runs_abort, "End a run")
SPINE_VERB("runs retry", runs_retry, "Try a run again that failed or was aborted, by a new run")
SPINE_TITLE("devices", "Who may connect: paired devices")
SPINE_READS("devices list", devices_list, "List devices that ask, and paired ones")
SPINE_VERB("devices approve", devices_approve, "Let a device in that asks to be paired")
SPINE_VERB("devices reject", devices_reject, "Turn a request down")
SPINE_VERB("devices revoke", devices_revoke, "Remove a paired device and end its connections")
SPINE_VERB("devices rename", devices_rename, "Name a device")
SPINE_TITLE("pairing", "Who may write on channels: paired senders")
SPINE_READS("pairing list", pairing_list, "List senders who wait to be let in")
SPINE_VERB("pairing approve", pairing_approve, "Let a sender in")
SPINE_VERB("pairing reject", pairing_reject, "Turn a sender down")
SPINE_TITLE("channels", "How channels are; start and stop them")
SPINE_READS("channels status", channels_status,
            "Accounts of channels, their state, and what waits for them")
SPINE_VERB("channels start", channels_start, "Start an account that was stopped")
SPINE_VERB("channels stop", channels_stop,
           "Stop an account; what is sent there waits. It stays so until it is started")
SPINE_VERB("channels logout", channels_logout,
           "Stop an account for good, and say which credential to remove")
SPINE_TITLE("dlq", "Messages that could not be delivered: dead letters")
SPINE_READS("dlq list", dlq_list, "List them, the latest first, and why")
SPINE_READS("dlq show", dlq_show, "Show one whole, with its attempts")
SPINE_VERB("dlq retry", dlq_retry, "Send some again, when the cause is gone")
SPINE_VERB("dlq discard", dlq_discard, "Forget some")
SPINE_TITLE("agents", "Look at agents, and mend them")
SPINE_VERB("agents status", agents_status,
           "How agents are; of one, its processes and what happened last")
SPINE_VERB("agents logs", agents_logs, "Print what an agent said, and what the gateway said of it")
SPINE_VERB("agents restart", agents_restart, "End an agent's processes and start them anew")
SPINE_VERB("agents reset", agents_reset,
           "Release an agent from quarantine, when what made it crash is mended")
SPINE_TITLE("approvals", "What agents ask whether they may do it")
SPINE_READS("approvals list", approvals_list, "List what waits for an answer")
SPINE_VERB("approvals approve", approvals_approve, "Say yes")
SPINE_VERB("approvals deny", approvals_deny, "Say no")
SPINE_TITLE("skills", "What agents are taught: folders with a SKILL.md")
SPINE_VERB("skills list", skills_list, "List skills, and say of each that cannot be used why")
SPINE_VERB("skills check", skills_check,
           "Check skills; names each fault with file and line, exit code 1 if there is one")
SPINE_TITLE("config", "Look at the configuration and change it")
SPINE_VERB("config get", config_get, "Print the configuration file as JSON, secrets redacted")
SPINE_VERB("config set", config_set, "Change one value in the configuration file")
SPINE_VERB("config validate", config_validate, "Check the configuration; names file, line and key")
SPINE_VERB("backup", backup, "Copy journal, keys and configuration, while the gateway runs or not")
SPINE_VERB("restore", restore, "Put a backup in place; what was there is kept aside")
SPINE_VERB("at", at, "Run a verb that reads as of a moment of the past")
SPINE_VERB("completion", completion, "Print completions for a shell")
SPINE_VERB("version", version, "Print versions")
