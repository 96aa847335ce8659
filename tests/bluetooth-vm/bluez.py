"""BlueZ over D-Bus, in the guest: as much of it as the checks of the bed need. espctl's own client is in its source."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
DESCRIPTOR = "org.bluez.GattDescriptor1"
MANAGER = "org.freedesktop.DBus.ObjectManager"

Found = TypeVar("Found")
Objects = dict[str, dict[str, dict[str, Any]]]


class Error(Exception):
    """bluetoothd says no."""


class Bluez:
    """The daemon on the system's bus."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus

    @classmethod
    async def connect(cls) -> "Bluez":
        return cls(await MessageBus(bus_type=BusType.SYSTEM).connect())

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        reply = await self.bus.call(
            Message(
                destination="org.bluez",
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=list(body),
            )
        )
        assert reply
        if reply.message_type is MessageType.ERROR:
            raise Error(f"{member}: {reply.error_name}: {' '.join(map(str, reply.body))}")
        return reply.body

    async def objects(self) -> Objects:
        """All of bluetoothd's objects: path, interface, property."""
        tree = (await self.call("/", MANAGER, "GetManagedObjects"))[0]
        return {
            path: {
                interface: {name: variant.value for name, variant in properties.items()}
                for interface, properties in interfaces.items()
            }
            for path, interfaces in tree.items()
        }

    async def adapters(self) -> dict[str, dict[str, Any]]:
        return {path: own[ADAPTER] for path, own in (await self.objects()).items() if ADAPTER in own}

    async def leftovers(self) -> list[str]:
        """What a program that has ended should not have left behind: links and discoveries."""
        left = []
        for path, own in (await self.objects()).items():
            if own.get(DEVICE, {}).get("Connected"):
                left.append(f"link to {own[DEVICE].get('Alias')} on {path.split('/')[3]}")
            if own.get(ADAPTER, {}).get("Discovering"):
                left.append(f"{path.split('/')[3]} is discovering")
        return sorted(left)

    async def switch(self, adapter: str, on: bool) -> None:
        """Switches an adapter on or off."""
        value = Variant("b", on)
        await self.call(adapter, "org.freedesktop.DBus.Properties", "Set", "ssv", ADAPTER, "Powered", value)

    async def scan_for(self, adapter: str, pattern: str) -> None:
        """Scans for devices whose name or address begins so, as long as this lives."""
        wanted = {"Pattern": Variant("s", pattern), "Transport": Variant("s", "le")}
        await self.call(adapter, ADAPTER, "SetDiscoveryFilter", "a{sv}", wanted)
        await self.call(adapter, ADAPTER, "StartDiscovery")

    async def stop(self, adapter: str) -> None:
        """Ends that scan."""
        await self.call(adapter, ADAPTER, "StopDiscovery")

    async def hang_up(self) -> None:
        """Ends every link."""
        for path, own in (await self.objects()).items():
            if own.get(DEVICE, {}).get("Connected"):
                await self.call(path, DEVICE, "Disconnect")

    async def until(self, what: str, seconds: float, find: Callable[[Objects], Found | None]) -> Found:
        """Asks for all objects until something is found in them."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            found = find(await self.objects())
            if found is not None:
                return found
            if asyncio.get_running_loop().time() > end:
                raise Error(f"no {what} within {seconds:.0f} s")
            await asyncio.sleep(0.2)

    async def discover(self, adapter: str, name: str, service: str) -> str:
        """The path of the device of this name and service, seen now."""

        def find(objects: Objects) -> str | None:
            for path, own in objects.items():
                device = own.get(DEVICE, {})
                seen = "RSSI" in device and service in device.get("UUIDs", [])
                if path.startswith(f"{adapter}/") and seen and device.get("Name") == name:
                    return path
            return None

        pattern = {"UUIDs": Variant("as", [service]), "Transport": Variant("s", "le")}
        await self.call(adapter, ADAPTER, "SetDiscoveryFilter", "a{sv}", pattern)
        await self.call(adapter, ADAPTER, "StartDiscovery")
        try:
            return await self.until(name, 20, find)
        finally:
            await self.call(adapter, ADAPTER, "StopDiscovery")

    async def open(self, device: str) -> dict[str, str]:
        """Connects; the paths of its characteristics by their user description, or else by UUID."""
        await self.call(device, DEVICE, "Connect")
        await self.until("services", 20, lambda objects: objects[device][DEVICE]["ServicesResolved"] or None)
        objects = await self.objects()
        found = {
            own[CHARACTERISTIC]["UUID"]: path
            for path, own in objects.items()
            if path.startswith(f"{device}/") and CHARACTERISTIC in own
        }
        for path, own in objects.items():
            if path.startswith(f"{device}/") and own.get(DESCRIPTOR, {}).get("UUID", "").startswith("00002901-"):
                name = (await self.call(path, DESCRIPTOR, "ReadValue", "a{sv}", {}))[0]
                found[bytes(name).decode()] = own[DESCRIPTOR]["Characteristic"]
        return found

    async def request(self, characteristic: str, data: bytes) -> bytes:
        """A write, then a read."""
        how = {"type": Variant("s", "request")}
        await self.call(characteristic, CHARACTERISTIC, "WriteValue", "aya{sv}", data, how)
        return bytes((await self.call(characteristic, CHARACTERISTIC, "ReadValue", "a{sv}", {}))[0])
