# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A real server with a data folder of its own, started and ended as an operator would."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FIERA = str(Path(os.environ.get("FIERA", TOP / "target" / "debug" / "fiera")).absolute())
LOADTEST = str(Path(os.environ.get("LOADTEST", Path(FIERA).with_name("fiera-loadtest"))).absolute())
ROOMS = 60

STAGE = """
[[event.room]]
id = "{id}"
kind = "stage"
title = "Stage {id}"
"""

EVENT = """
[[event]]
id = "{id}"
title = "Fair {id}"
phase = "{phase}"

[[event.room]]
id = "lobby"
kind = "lobby"
title = "Lobby"
"""

SMALL = """
[[event.room]]
id = "small"
kind = "stage"
title = "Small"
capacity = 1

[[event.room]]
id = "table"
kind = "breakout"
title = "Table"
"""


def free_port():
    """A port that nobody uses now, for TCP and UDP alike. It is none of those that the system gives to connections: a client
    that comes back to a server that was killed could otherwise be connected to itself, and keep the server out."""
    for _ in range(50):
        port = random.randrange(20_000, 30_000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("0.0.0.0", port))
        except OSError:
            continue
        return port
    raise RuntimeError("no free port found")


class Fair:
    """One `fiera serve --demo` with a few more events; `work` has a stage for each check."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.port, self.media_port = free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process, self.helpers, self.rooms, self.tokens = None, [], 0, {}
        self.log = self.folder / "server.log"
        stages = "".join(STAGE.format(id=f"stage-{at}") for at in range(ROOMS)) + STAGE.format(id="lounge")
        config = EVENT.format(id="work", phase="live") + stages + SMALL
        for event, phase in (("draft", "draft"), ("ended", "ended"), ("other", "open"), ("short", "open")):
            config += EVENT.format(id=event, phase=phase) + STAGE.format(id="main") + STAGE.format(id="stage-0")
        (self.folder / "fiera.toml").write_text(config, encoding="utf-8")

    def environment(self):
        """Settings of the caller must not reach the server."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FIERA_")}
        return {**kept, "RUST_LOG": "info"}

    async def start(self):
        """Starts the server and waits until it takes people."""
        command = [FIERA, "serve", "--demo", "--config", str(self.folder / "fiera.toml"), "--listen",
                   f"127.0.0.1:{self.port}", "--media-port", str(self.media_port), "--data", str(self.data)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment(), cwd=self.folder)
        end = time.monotonic() + 20
        while not await self.ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not start:\n{self.tail()}")
            await asyncio.sleep(0.02)
        return self

    async def ready(self):
        """Whether /readyz answers 200."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            line = await reader.readline()
            writer.close()
            return b" 200 " in line
        except OSError:
            return False

    def tail(self):
        """The last lines that the server wrote."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])

    def kill(self):
        """Ends the server as a power cut would."""
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """Asks the server to go away (SIGTERM)."""
        self.process.send_signal(signal.SIGTERM)

    async def stop(self):
        """Ends everything that was started here."""
        for process in [*self.helpers, self.process]:
            if process and process.poll() is None:
                process.terminate()
                try:
                    await asyncio.to_thread(process.wait, 5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def room(self):
        """A stage of `work` that no other check uses."""
        self.rooms += 1
        if self.rooms > ROOMS:
            raise RuntimeError("more checks than stages: raise ROOMS")
        return f"stage-{self.rooms - 1}"

    def lounge(self):
        """A stage for checks that leave nothing behind: an event has a limit of rooms."""
        return "lounge"

    async def token(self, role, name=None, event="work", hours=None):
        """A signed token, as `fiera token` prints it."""
        asked = (role, name, event, hours)
        if asked not in self.tokens:
            command = [FIERA, "token", "--event", event, "--role", role, "--data", str(self.data)]
            command += ["--name", name] if name else []
            command += ["--expires-hours", str(hours)] if hours is not None else []
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False,
                                           env=self.environment())
            if done.returncode:
                raise RuntimeError(done.stderr)
            self.tokens[asked] = done.stdout.strip()
        return self.tokens[asked]

    def publish_demo(self, token, event="demo", room="main"):
        """Starts the speaker of the demo, as tests/demo.sh does."""
        command = [LOADTEST, "demo-speaker", "--server", self.base, "--event", event, "--room", room, "--token", token]
        with open(self.folder / "speaker.log", "ab") as log:
            self.helpers.append(subprocess.Popen(command, stdout=log, stderr=log, env=self.environment()))


def new_folder():
    """A folder that goes away by itself."""
    return tempfile.TemporaryDirectory(prefix="fiera-spec-", ignore_cleanup_errors=True)
