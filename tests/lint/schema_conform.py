"""Holds every schema to its baseline with flatc --conform: what was written stays readable.

And a table that holds what people say (fields marked `people`) has a place for it to lie sealed in."""

import pathlib
import re
import subprocess

import lint


def places_to_seal(path, text):
    for name, body in re.findall(r"^table (\w+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        people = re.search(r"\(id: \d+, people\)", body)
        sealed = re.search(r"^ +sealed:\[ubyte\] \(id: \d+\);", body, re.MULTILINE)
        if bool(people) != bool(sealed):
            yield (f"{path}: {name} has " + ("fields of people and no `sealed:[ubyte]`" if people
                                            else "`sealed` and no field marked `people`"))


def check(root):
    root = pathlib.Path(root)
    baselines = sorted((root / "schemas" / "baseline").glob("*.fbs"))
    if not baselines:
        return ["schemas/baseline: no schema to compare with"]
    found = []
    for baseline in baselines:
        now = root / "schemas" / baseline.name
        if not now.exists():
            found.append(f"schemas/{baseline.name}: gone, but journals of past releases use it")
            continue
        answer = subprocess.run(["flatc", "--conform", str(baseline), str(now)],
                                capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            found.append(f"schemas/{baseline.name}: breaks its baseline: "
                         f"{(answer.stdout + answer.stderr).strip()}")
    for schema in sorted((root / "schemas").glob("event*.fbs")):
        found += places_to_seal(f"schemas/{schema.name}", schema.read_text(encoding="utf-8"))
    return found


BASELINE = "table A { x:ulong (id: 0); y:uint (id: 1); }\ntable B { z:ulong (id: 0); }\n" \
           "union Body { A = 1, B = 2 }\ntable Event { body:Body (id: 1); }\nroot_type Event;\n"

CLEAN = {
    "schemas/baseline/event.fbs": BASELINE,
    "schemas/event_a.fbs": "table A {\n  x:string (id: 0, people);\n  sealed:[ubyte] (id: 1);\n}\n",
    "schemas/event.fbs": BASELINE.replace("y:uint (id: 1);", "y:uint (id: 1); more:string (id: 2);"),
}

PLANTS = [
    ({"schemas/event.fbs": BASELINE.replace("x:ulong (id: 0); y:uint (id: 1)",
                                            "x:ulong (id: 1); y:uint (id: 0)")}, "breaks"),
    ({"schemas/event.fbs": BASELINE.replace("y:uint", "y:ulong")}, "breaks"),
    ({"schemas/event.fbs": BASELINE.replace("A = 1, B = 2", "A = 2, B = 1")}, "breaks"),
    ({"schemas/baseline/snapshot.fbs": BASELINE}, "gone"),
    ({"schemas/event_a.fbs": "table A {\n  x:string (id: 0, people);\n}\n"}, "no `sealed"),
    ({"schemas/event_a.fbs": "table A {\n  sealed:[ubyte] (id: 0);\n}\n"}, "no field marked"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
