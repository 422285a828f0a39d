"""Holds every schema to its baseline with flatc --conform: what was written stays readable."""

import pathlib
import subprocess

import lint


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
    return found


BASELINE = "table A { x:ulong (id: 0); y:uint (id: 1); }\ntable B { z:ulong (id: 0); }\n" \
           "union Body { A = 1, B = 2 }\ntable Event { body:Body (id: 1); }\nroot_type Event;\n"

CLEAN = {
    "schemas/baseline/event.fbs": BASELINE,
    "schemas/event.fbs": BASELINE.replace("y:uint (id: 1);", "y:uint (id: 1); more:string (id: 2);"),
}

PLANTS = [
    ({"schemas/event.fbs": BASELINE.replace("x:ulong (id: 0); y:uint (id: 1)",
                                            "x:ulong (id: 1); y:uint (id: 0)")}, "breaks"),
    ({"schemas/event.fbs": BASELINE.replace("y:uint", "y:ulong")}, "breaks"),
    ({"schemas/event.fbs": BASELINE.replace("A = 1, B = 2", "A = 2, B = 1")}, "breaks"),
    ({"schemas/baseline/snapshot.fbs": BASELINE}, "gone"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
