// The verbs of spine-replay in the order of its help, as an X-macro: one line both declares a
// function and lists it; `spine` lists them in its own help, too, and passes them on.
// SPINE_REPLAY: the words, the function that declares its options, its help.
// SPINE_REPLAY_TITLE: title of the verbs that follow. One without help is for programs, and hidden.
SPINE_REPLAY_TITLE("journal", "Look at the journal")
SPINE_REPLAY("journal info", journal_info, "Where the journal is, how much, from when to when")
SPINE_REPLAY("journal verify", journal_verify,
             "Check every block: CRC, SHA-256 chain, seqs, record headers, bodies")
SPINE_REPLAY("journal dump", journal_dump, "Print events in readable form")
SPINE_REPLAY("journal tail", journal_tail, "Print the latest events, then new ones as they come")
SPINE_REPLAY_TITLE("replay", "Ask the journal about the past, without acting")
SPINE_REPLAY("replay verify", replay_verify,
             "Fold from zero and compare every recorded digest, and the live daemon's")
SPINE_REPLAY("replay trace", replay_trace,
             "Everything that followed from a message, as a tree or a picture")
SPINE_REPLAY("replay fork", replay_fork,
             "Decide recorded inputs again, under another config or by this version")
SPINE_REPLAY("replay rehearse", replay_rehearse,
             "Before an upgrade: fork many journals, with a verdict (and JUnit XML)")
SPINE_REPLAY("replay state", replay_state, "Print the state at a moment: tables, rows, digest")
SPINE_REPLAY("replay diff", replay_diff, "Print what differs between two moments, field by field")
SPINE_REPLAY("replay blame", replay_blame, "Find the event that gave a field its value, and why")
SPINE_REPLAY("replay bisect", replay_bisect,
             "Find the first event after which a predicate holds, or a command fails")
SPINE_REPLAY("replay digests", replay_digests, "Print digests of the states on the way")
SPINE_REPLAY("answer", answer, "")
