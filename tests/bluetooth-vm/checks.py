"""Checks of the bed itself, in the guest: by D-Bus alone, so that where they fail espctl is not to blame.

What espctl has to do is in table.py.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated

from dbus_fast import PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusBytes, DBusDict, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

import table
from bluez import ADAPTER, DEVICE, Bluez, Error, Objects

HCI0 = "/org/bluez/hci0"
HCI1 = "/org/bluez/hci1"
# A service of nobody's, for the second adapter.
OTHER = "0000e5c7-0382-4aea-bff4-6b3f1c5adfb4"
APPLICATION = "/check"

Strings = Annotated[list[str], DBusSignature("as")]


async def adapters(bluez: Bluez) -> None:
    """Both adapters are there, in order, and switched on."""

    def ready(objects: Objects) -> bool | None:
        return (HCI0 in objects and HCI1 in objects) or None

    await bluez.until("adapters", 30, ready)
    found = {path: own["Address"] for path, own in (await bluez.adapters()).items()}
    wanted = dict(zip((HCI0, HCI1), table.ADAPTERS, strict=True))
    if found != wanted:
        raise Error(f"the adapters are {found}, not {wanted}")
    for path in wanted:
        await bluez.call(path, "org.freedesktop.DBus.Properties", "Set", "ssv", ADAPTER, "Powered", Variant("b", True))


async def bridge(bluez: Bluez) -> None:
    """A device is found by its name, has its endpoints, and answers with what the simulated device behind it does."""
    device = await bluez.discover(HCI0, table.BRIDGE.name, table.SERVICE)
    endpoints = await bluez.open(device)
    missing = {"prov-ctrl", "prov-scan", "prov-session", "prov-config", "proto-ver"} - set(endpoints)
    if missing:
        raise Error(f"no endpoint {', '.join(sorted(missing))}")
    # As long as security 2's first message, so that it goes in parts; the version's handler does not mind.
    version = json.loads(await bluez.request(endpoints["proto-ver"], bytes(406)))
    if version["prov"]["sec_ver"] != table.BRIDGE.security:
        raise Error(f"odd version document: {version}")
    try:
        await bluez.request(endpoints["prov-session"], b"\xff" * 20)
        raise Error("nonsense was not refused")
    except Error as error:
        if "0x04" not in str(error):
            raise
    if not json.loads(await bluez.request(endpoints["proto-ver"], b"?")):
        raise Error("the refusal has ended the link")
    await bluez.call(device, DEVICE, "Disconnect")


class Service(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.bluez.GattService1")

    @dbus_property(access=PropertyAccess.READ)
    def UUID(self) -> DBusStr:
        return OTHER

    @dbus_property(access=PropertyAccess.READ)
    def Primary(self) -> DBusBool:
        return True


class Characteristic(ServiceInterface):
    """Reads as what was written, backwards."""

    def __init__(self) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self.value = b""

    @dbus_property(access=PropertyAccess.READ)
    def UUID(self) -> DBusStr:
        return OTHER

    @dbus_property(access=PropertyAccess.READ)
    def Service(self) -> DBusObjectPath:
        return f"{APPLICATION}/service"

    @dbus_property(access=PropertyAccess.READ)
    def Flags(self) -> Strings:
        return ["read", "write"]

    @dbus_method()
    def ReadValue(self, options: DBusDict) -> DBusBytes:
        return self.value[options["offset"].value if "offset" in options else 0 :]

    @dbus_method()
    def WriteValue(self, value: DBusBytes, options: DBusDict) -> None:
        self.value = bytes(reversed(value))


class Advertisement(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.bluez.LEAdvertisement1")

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> DBusStr:
        return "peripheral"

    @dbus_property(access=PropertyAccess.READ)
    def ServiceUUIDs(self) -> Strings:
        return [OTHER]

    @dbus_property(access=PropertyAccess.READ)
    def LocalName(self) -> DBusStr:
        return "CHECK_hci1"

    @dbus_method()
    def Release(self) -> None:
        pass


async def second_adapter(bluez: Bluez) -> None:
    """A GATT application on hci1 is found and used from hci0, both by way of one bluetoothd."""
    bus = bluez.bus
    bus.export(APPLICATION, ServiceInterface("check.Application"))
    bus.export(f"{APPLICATION}/service", Service())
    bus.export(f"{APPLICATION}/service/value", Characteristic())
    bus.export(f"{APPLICATION}/advertisement", Advertisement())
    gatt, adverts = "org.bluez.GattManager1", "org.bluez.LEAdvertisingManager1"
    await bluez.call(HCI1, gatt, "RegisterApplication", "oa{sv}", APPLICATION, {})
    await bluez.call(HCI1, adverts, "RegisterAdvertisement", "oa{sv}", f"{APPLICATION}/advertisement", {})
    try:
        device = await bluez.discover(HCI0, "CHECK_hci1", OTHER)
        value = (await bluez.open(device))[OTHER]
        # BlueZ 5.66 as a peripheral takes no more: it counts the header of the write.
        for length in (1, 100, 510):
            data = bytes(index & 255 for index in range(length))
            if await bluez.request(value, data) != data[::-1]:
                raise Error(f"{length} bytes came back otherwise")
        await bluez.call(device, DEVICE, "Disconnect")
    finally:
        await bluez.call(HCI1, adverts, "UnregisterAdvertisement", "o", f"{APPLICATION}/advertisement")
        await bluez.call(HCI1, gatt, "UnregisterApplication", "o", APPLICATION)


CHECKS: dict[str, Callable[[Bluez], Awaitable[None]]] = {"bridge": bridge, "second_adapter": second_adapter}
