"""Whether processes that have the language service end: 200 of them, idle, busy, waiting to load, loading, failing.

    .venv/bin/python benchmarks/exits.py [processes]

Without `close()`, V8 keeps some interpreters from ending; one that has not ended after a minute counts as hanging.
"""

from __future__ import annotations

import subprocess
import sys
import time

CODE = """
import sys, time
from kqlext.completion.service import LanguageService, ServiceUnavailable

mode, pause = sys.argv[1], float(sys.argv[2])
service = LanguageService()
if mode in ("waiting", "loading"):
    service.start(after=3600 if mode == "waiting" else 0)
    time.sleep(pause)
    sys.exit()
service.wait(60)
if mode == "busy":
    try:
        service.diagnostics("print " + " + ".join(["strcat('a', 1)"] * 20000), True, 0.05)
    except ServiceUnavailable:
        pass
if mode == "failing":
    raise ValueError("on purpose")
"""
MODES = ("idle", "busy", "waiting", "loading", "failing")
HANGS_AFTER = 60.0  # seconds


def run(mode: str, pause: float) -> tuple[float, str]:
    """Seconds that one process took, and what it said where that was not asked for."""
    began = time.perf_counter()
    command = [sys.executable, "-c", CODE, mode, str(pause)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS_AFTER, check=False)
    except subprocess.TimeoutExpired:
        return HANGS_AFTER, "hangs"
    expected = done.returncode == (1 if mode == "failing" else 0) and (mode == "failing" or not done.stderr)
    return time.perf_counter() - began, "" if expected else f"{done.returncode}: {done.stderr[-300:]}"


def main(count: int) -> int:
    outcomes = [(mode := MODES[index % len(MODES)], *run(mode, index % 40 * 0.05)) for index in range(count)]
    for mode in MODES:
        seconds = [taken for of, taken, _ in outcomes if of == mode]
        print(f"{mode}: {len(seconds)} processes, the longest {max(seconds, default=0):.1f} s")
    wrong = [f"{mode}: {said}" for mode, _, said in outcomes if said]
    print("\n".join(wrong) or "all ended")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
