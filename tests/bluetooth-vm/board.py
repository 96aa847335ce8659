"""The device behind the radio: an `espctl sim --http` process, and requests to it as the SoftAP protocol has them.

What is made of an answer, or of none, over Bluetooth is peripheral.py's.
"""

import asyncio
import json
import os
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable

from table import Device

# Endpoints in the order of their characteristics: the manager's own, from 0xff4f on, then the application's.
MANAGER = ("prov-ctrl", "prov-scan", "prov-session", "prov-config", "proto-ver")
APPLICATION = ("cloud_user_assoc", "ch_resp", "custom-data")
FIRST_ID = 0xFF4F

# Seconds until a simulated device listens, on a machine with much else to do.
READY = 30.0


class Refused(Exception):
    """The handler failed: the connection was closed without an answer, or the answer is none."""


class Gone(Exception):
    """The device is off the air: nobody listens any more."""


class Board:
    """One boot of a simulated device."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    @classmethod
    async def boot(cls, espctl: str, device: Device, say: Callable[[str], None]) -> "Board":
        """Starts the process and waits until it listens. It ends with this one, however that ends."""
        words = [espctl, "--json", "sim", "--http", "127.0.0.1:0", "--name", device.name]
        words += ["--sec-ver", str(device.security), "--join-ms", "200", *device.sim]
        # The settings are the table's, not those of whoever runs this.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ESPCTL_")}
        process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment
        )
        assert process.stdout and process.stderr
        log = asyncio.create_task(copy(process.stderr, say))
        line = await asyncio.wait_for(process.stdout.readline(), READY)
        if not line:
            await log
            raise RuntimeError(f"{' '.join(words)} ended with status {await process.wait()}")
        port = int(json.loads(line)["devices"][0]["device"].rpartition(":")[2])
        return cls(process, port)

    async def ended(self) -> None:
        await self.process.wait()

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    async def endpoints(self) -> dict[str, int]:
        """The endpoints it has, each with the 16 bits that tell its characteristic from the others.

        Nothing lists them, but the server knows a wrong method from a wrong address, and neither opens a session.
        """
        found = {}
        for index, name in enumerate(MANAGER):
            if await self.status_of_get(name) == 405:
                found[name] = FIRST_ID + index
        application = [name for name in APPLICATION if await self.status_of_get(name) == 405]
        for index, name in enumerate(application, FIRST_ID + len(MANAGER)):
            found[name] = index
        return found

    async def status_of_get(self, endpoint: str) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"GET /{endpoint} HTTP/1.1\r\nHost: device\r\n\r\n".encode())
            return int((await reader.readline()).split()[1])
        finally:
            writer.close()

    async def listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


async def copy(stream: asyncio.StreamReader, say: Callable[[str], None]) -> None:
    async for line in stream:
        say(line.decode(errors="replace").rstrip())


class Session:
    """One secure session with a board: its connection and its cookie. A Bluetooth link has one."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.cookie = ""
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not self.reader or not self.writer:
            try:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.board.port)
            except OSError as error:
                raise Gone from error
        return self.reader, self.writer

    def close(self) -> None:
        """Ends the connection; a request under way ends as refused."""
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    async def request(self, endpoint: str, body: bytes) -> bytes:
        """The answer to a request. Raises Refused or Gone where there is none."""
        reader, writer = await self.connect()
        head = [f"POST /{endpoint} HTTP/1.1", "Host: device", f"Content-Length: {len(body)}"]
        if self.cookie:
            head.append(f"Cookie: {self.cookie}")
        try:
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            # The server sends in small segments and waits for acknowledgements, which would otherwise be delayed.
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            return await self.answer(reader)
        except (Refused, OSError, asyncio.IncompleteReadError) as error:
            self.close()
            # A refusal and the end of the service look alike on this connection. A new one tells.
            await self.connect()
            raise Refused from error

    async def answer(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        status, *headers = head.decode().split("\r\n")
        if status.split()[1:2] != ["200"]:
            raise Refused
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
        self.cookie = fields.get("set-cookie", self.cookie)
        try:
            return await reader.readexactly(int(fields["content-length"]))
        except asyncio.IncompleteReadError as error:
            # A reply that is cut short becomes a value that is.
            self.close()
            return error.partial
