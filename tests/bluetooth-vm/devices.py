"""Keeps the devices of the running scenario in the air, on the host, for the guest's radios.

    devices.py --espctl PATH --sockets FOLDER

In the folder it makes a unix socket for each of the guest's controllers (hci0, hci1), and one by which the guest says
where it is (stage): a line with a scenario's name has the devices of that scenario boot, and is answered when they
advertise; an empty line ends them. What one device does is in peripheral.py, the scenarios are in table.py.
"""

import argparse
import asyncio
import contextlib
import logging
import pathlib
import sys
import time
from collections.abc import Iterable

from bumble.transport import open_transport

import table
from board import Board
from peripheral import Peripheral
from radio import Air, Radio

BEGAN = time.monotonic()


def say(who: str, what: str) -> None:
    print(f"[{time.monotonic() - BEGAN:7.3f}] {who:15} {what}", flush=True)


def addresses() -> dict[str, str]:
    """An address for each device of the table, always the same."""
    devices = [device for scenario in table.SCENARIOS for device in scenario.devices]
    return {
        device.name: f"24:0A:C4:00:00:{number:02X}" for number, device in enumerate([*table.NEIGHBOURS, *devices], 1)
    }


class Stage:
    """The devices that are there now."""

    def __init__(self, air: Air, espctl: str) -> None:
        self.air = air
        self.espctl = espctl
        self.addresses = addresses()
        self.present: list[Peripheral] = []

    async def boot(self, device: table.Device) -> Peripheral:
        def tell(what: str) -> None:
            say(device.name, what)

        board = await Board.boot(self.espctl, device, lambda line: tell(f"| {line}"))
        peripheral = Peripheral(device, self.air, self.addresses[device.name], board, tell)
        await peripheral.start()
        return peripheral

    async def enter(self, devices: Iterable[table.Device]) -> None:
        await self.clear()
        for device in devices:
            self.present.append(await self.boot(device))

    async def clear(self) -> None:
        while self.present:
            await self.present.pop().stop()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the guest says, until it ends."""
        async for line in reader:
            name = line.decode().strip()
            say("", f"-- {name or 'end'}")
            await self.enter(table.chosen([name])[0].devices if name else ())
            writer.write(b"ready\n")
        writer.close()


async def run(espctl: str, sockets: pathlib.Path) -> None:
    air = Air()
    stage = Stage(air, espctl)
    neighbours = [await stage.boot(device) for device in table.NEIGHBOURS]
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(await asyncio.start_unix_server(stage.listen, sockets / "stage"))
        for index, address in enumerate(table.ADAPTERS):
            transport = await stack.enter_async_context(await open_transport(f"unix-server:{sockets}/hci{index}"))
            Radio(f"hci{index}", air, address, transport)
        say("", f"ready, with {len(neighbours)} neighbours")
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Devices in the air, for the guest's radios.")
    parser.add_argument("--espctl", required=True)
    parser.add_argument("--sockets", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(name)s: %(message)s")
    asyncio.run(run(arguments.espctl, arguments.sockets))


if __name__ == "__main__":
    main()
