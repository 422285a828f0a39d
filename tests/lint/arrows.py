"""Holds the arrows between folders: schemas <- journal <- engine <- adapters; replay -> journal, core."""

import re

import lint

# folder -> folders it may include from. The most specific name counts; what is missing is refused.
ARROWS = {
    "schemas": ("schemas",),
    "journal": ("schemas", "journal"),
    "engine/core": ("schemas", "engine/core"),
    "engine/log": ("schemas", "engine/log"),
    "engine/config": ("schemas", "engine/log", "engine/config"),
    "engine/state_dir": ("schemas", "engine/log", "engine/config", "engine/state_dir"),
    "engine/pipeline": ("schemas", "journal", "engine"),
    "adapters": ("schemas", "journal", "engine", "adapters"),
    "adapters/cli": ("schemas", "journal", "engine", "adapters", "replay/verb_table.h"),
    "replay": ("schemas", "journal", "engine/core", "replay"),
    "tests": lint.CODE_FOLDERS,
    "bench": lint.CODE_FOLDERS,
}

# An adapter knows its own party; these know more, each for the reason given.
ADAPTERS = {
    "adapters/gateway": ("adapters",),                         # the composition root
    "adapters/cli": ("adapters",),                             # runs it, and talks to it
    # One port, one net thread; and bridges hand in what every channel does.
    "adapters/websocket": ("adapters/websocket", "adapters/http", "adapters/channels/interface"),
    "adapters/client": ("adapters/client", "adapters/http"),   # the other side of one upgrade
    # They live on the loop thread, and use its timers; agents are given files of messages.
    "adapters/agents": ("adapters/agents", "adapters/loop", "adapters/media"),
    "adapters/media": ("adapters/media", "adapters/loop", "adapters/outbound"),  # it fetches files
    # Channels live there, too, and some are processes that are started as those of agents are.
    # Platforms are called over HTTP.
    "adapters/channels": ("adapters/channels", "adapters/loop", "adapters/agents/process",
                          "adapters/media", "adapters/outbound"),
    # It speaks HTTP, and hands in what channels understand.
    "adapters/hooks": ("adapters/hooks", "adapters/http", "adapters/loop", "adapters/channels/interface"),
    "adapters/skills": ("adapters/skills", "adapters/loop"),
    # Its processes are started and read from as those of agents are.
    "adapters/past": ("adapters/past", "adapters/loop", "adapters/agents/process"),
    "adapters/schedule": ("adapters/schedule", "adapters/loop"),
    "adapters/outbound": ("adapters/outbound", "adapters/loop"),
}

# The rooms of an adapter that has any: room -> rooms it may include from, besides its own.
_WEBSOCKET = "adapters/websocket/"
_CHANNELS = "adapters/channels/"
ROOMS = {
    _WEBSOCKET + "protocol": (),
    _WEBSOCKET + "door": (_WEBSOCKET + "protocol",),
    _WEBSOCKET + "methods": (_WEBSOCKET + "protocol",),
    _WEBSOCKET + "pushes": (_WEBSOCKET + "protocol",),
    "adapters/channels/text": (),  # pure: from texts to texts
    _WEBSOCKET + "net": (_WEBSOCKET + "protocol", _WEBSOCKET + "door", _WEBSOCKET + "methods",
                         _WEBSOCKET + "pushes"),
    # A channel knows no other: what they have in common is the interface.
    _CHANNELS + "interface": (),
    _CHANNELS + "program": (_CHANNELS + "interface",),
    _CHANNELS + "telegram": (_CHANNELS + "interface", _CHANNELS + "text"),
    _CHANNELS + "host": (_CHANNELS + "interface", _CHANNELS + "program", _CHANNELS + "telegram"),
}

# A library's header may be included only below these folders.
LIBRARIES = {
    "lmdb.h": ("journal", "tests", "bench"),
    "libwebsockets.h": ("adapters/websocket/net", "tests", "bench"),
    "event2/": ("adapters/loop", "adapters/agents", "adapters/skills", "adapters/hooks",
               "adapters/schedule", "adapters/outbound", "tests", "bench"),
    "yaml-cpp/": ("adapters/skills", "tests", "bench"),
    "magic.h": ("adapters/media", "tests"),
    "sodium": ("adapters/websocket/door", "tests"),
    "concurrentqueue/": ("engine/pipeline", "tests", "bench"),
    "md4c.h": ("adapters/channels/text", "tests"),
    "utf8proc.h": ("adapters/channels/text", "tests"),
    "CLI/": ("adapters/cli", "replay", "schemas/vocab/verbs.h", "tests", "bench"),
}

_QUOTED = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
_ANGLED = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", re.MULTILINE)


def below(name, folders):
    return any(name == folder or name.startswith(folder + "/") for folder in folders)


def home(name, table):
    """The most specific folder of the table that holds the file."""
    matches = [folder for folder in table if below(name, (folder,))]
    return max(matches, key=len) if matches else None


def quoted_fault(name, included, files):
    if included.endswith("_generated.h"):
        return None
    if included not in files:
        return f'"{included}" is not a file of this tree; include from the root, libraries in <>'
    source = home(name, ARROWS)
    if source is None:
        return f"{name} is in no folder that may hold code"
    if not below(included, ARROWS[source]):
        return f'{source} may not include "{included}"'
    if below(name, ("adapters",)) and below(included, ("adapters",)):
        party = "/".join(name.split("/")[:2])
        if not below(included, ADAPTERS.get(party, (party,))):
            return f'{party} may not include another adapter, "{included}"'
        room = home(name, ROOMS)
        if room and below(included, (party,)) and not below(included, (room, *ROOMS[room])):
            return f'{room} may not include "{included}"'
    return None


def check(root):
    found = []
    names = lint.cpp_files(root)
    files = set(names)
    if not names:
        return ["no C++ file found"]
    for name in names:
        text = lint.blank(lint.read(root, name), keep_strings=True)
        for match in _QUOTED.finditer(text):
            if fault := quoted_fault(name, match.group(1), files):
                found.append(f"{name}:{lint.line_of(text, match.start(1))}: {fault}")
        for match in _ANGLED.finditer(text):
            for header, folders in LIBRARIES.items():
                if match.group(1).startswith(header) and not below(name, folders):
                    found.append(f"{name}:{lint.line_of(text, match.start(1))}: "
                                 f"<{match.group(1)}> belongs to {', '.join(folders[:-2])}")
    return found


CLEAN = {
    "schemas/vocab/ids.h": "#pragma once\n",
    "journal/journal.h": '#include "schemas/vocab/ids.h"\n',
    "engine/core/model/state.h": '#include "schemas/vocab/ids.h"\n#include "event_generated.h"\n',
    "engine/pipeline/engine.h": '#include "journal/journal.h"\n#include "engine/core/model/state.h"\n',
    "adapters/websocket/net/server.h": '#include "engine/pipeline/engine.h"\n',
    "adapters/loop/loop.h": "#include <event2/event.h>\n",
    "adapters/cli/main.cc": '#include "adapters/websocket/net/server.h"\n',
    "adapters/websocket/protocol/hub.h": '#include "adapters/http/facts.h"\n',
    "adapters/http/facts.h": '#include "schemas/vocab/ids.h"\n',
    "adapters/websocket/door/door.cc": '#include "adapters/websocket/protocol/hub.h"\n',
    "adapters/websocket/net/net_loop.cc": '#include "adapters/websocket/protocol/hub.h"\n',
    "replay/main.cc": '#include "engine/core/model/state.h"\n// #include "engine/pipeline/engine.h"\n',
    "tests/unit/core/state_test.cc": '#include "engine/core/model/state.h"\n',
}

PLANTS = [
    ({"schemas/a.h": '#include "journal/journal.h"\n'}, "schemas may not include"),
    ({"journal/a.h": '#include "engine/core/model/state.h"\n'}, "journal may not include"),
    ({"engine/core/a.h": '#include "journal/journal.h"\n'}, "engine/core may not include"),
    ({"engine/core/a.h": '#include "engine/pipeline/engine.h"\n'}, "engine/core may not include"),
    ({"engine/pipeline/a.h": '#include "adapters/loop/loop.h"\n'}, "engine/pipeline may not"),
    ({"engine/log/a.h": "#include \"engine/config/config.h\"\n", "engine/config/config.h": ""},
     "engine/log may not"),
    ({"replay/a.cc": '#include "engine/pipeline/engine.h"\n'}, "replay may not include"),
    ({"adapters/loop/a.h": '#include "adapters/websocket/net/server.h"\n'}, "another adapter"),
    ({"adapters/http/a.h": '#include "adapters/websocket/protocol/hub.h"\n'}, "another adapter"),
    ({"adapters/websocket/protocol/a.h": '#include "adapters/websocket/door/a.h"\n',
      "adapters/websocket/door/a.h": ""}, "protocol may not include"),
    ({"adapters/websocket/methods/a.cc": '#include "adapters/websocket/pushes/a.h"\n',
      "adapters/websocket/pushes/a.h": ""}, "methods may not include"),
    ({"adapters/websocket/pushes/a.cc": '#include "adapters/websocket/door/a.h"\n',
      "adapters/websocket/door/a.h": ""}, "pushes may not include"),
    ({"adapters/websocket/door/a.cc": '#include "adapters/websocket/net/a.h"\n',
      "adapters/websocket/net/a.h": ""}, "door may not include"),
    ({"adapters/cli/a.h": '#include "tests/unit/core/state_test.cc"\n'}, "adapters/cli may not"),
    ({"journal/a.h": '#include "ids.h"\n'}, "not a file of this tree"),
    ({"engine/core/a.cc": "#include <lmdb.h>\n"}, "<lmdb.h> belongs to"),
    ({"engine/a.cc": '#include "schemas/vocab/ids.h"\n'}, "no folder that may hold code"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
