"""How long a user waits after an interrupt, in a real kernel, and until the service has been told.

.venv/bin/python benchmarks/interrupt.py 9
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from servers.kusto import ONE_ROW, Answer, KustoServer
from servers.kusto_frames import v2


def message_of(client: Any, identity: str, kind: str) -> None:
    """Wait for a message of a request."""
    while True:
        message = client.get_iopub_msg(timeout=30)
        own = message["parent_header"].get("msg_id") == identity
        if own and message["msg_type"] == kind and message["content"].get("execution_state") in (None, "idle"):
            return


def main(rounds: int) -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    stopped, told = [], []
    with KustoServer() as server:
        server.on("slow", Answer(v2(ONE_ROW), delay=60))
        for cell in ("%load_ext kqlext", f"%kql {server.url}/db"):
            client.execute_interactive(cell, timeout=60, output_hook=lambda _: None)
        for _ in range(rounds):
            before = len(server.cancelled)
            identity = client.execute("%kql slow")
            time.sleep(1.2)
            began = time.perf_counter()
            manager.interrupt_kernel()
            message_of(client, identity, "error")
            stopped.append(time.perf_counter() - began)
            while len(server.cancelled) == before:
                time.sleep(0.001)
            told.append(time.perf_counter() - began)
            message_of(client, identity, "status")
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    for name, seconds in (("the cell has stopped", stopped), ("the service was told", told)):
        print(f"{name}: median {1000 * statistics.median(seconds):.0f} ms, most {1000 * max(seconds):.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
