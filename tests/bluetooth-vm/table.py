"""What the test bed runs: the devices in the air and the scenarios, as data.

Read on both sides: by devices.py on the host, which makes the devices, and by scenarios.py in the guest, which runs the
scenarios. How either is done is not here.

    table.py [SCENARIO...]

prints the names of these scenarios, or of all.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

# The controllers of the guest, in the order in which they are attached: hci0 is the central, hci1 espctl's peripheral.
ADAPTERS = ("24:0A:C4:00:00:F0", "24:0A:C4:00:00:F1")

SERVICE = "021a9004-0382-4aea-bff4-6b3f1c5adfb4"

POP = "abcd1234"
HOME = ("--ssid", "HomeNet", "--passphrase", "correct-horse-battery")


@dataclass(frozen=True)
class Device:
    """A board over Bluetooth, with `espctl sim --http` behind it."""

    name: str
    security: int = 1
    # Largest ATT MTU it grants: 256 is NimBLE's own, Bluedroid has 500.
    mtu: int = 256
    # Longest value of a characteristic: 512, or with Bluedroid 481, and 257 in builds without security 2.
    longest: int = 512
    # How a refused request looks: error 0x04 and the link stays, or error 0x85 and the link drops.
    bluedroid: bool = False
    # Characteristics need an encrypted link.
    encrypted: bool = False
    # Keeps the keys of a pairing.
    bonds: bool = False
    # Drops the link, in place of an answer, at each request to this endpoint.
    drops_at: str = ""
    # Further options of `espctl sim`.
    sim: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One run of espctl, with --json, and what is to come of it."""

    words: tuple[str, ...]
    status: int = 0
    # Members of the document on standard output, by dotted path.
    members: Mapping[str, object] = field(default_factory=dict)
    # As soon as standard error holds this: Ctrl-C, an end without a say, or the adapter hci0 off for a second.
    interrupt_at: str = ""
    kill_at: str = ""
    switch_off_at: str = ""


@dataclass(frozen=True)
class Scenario:
    """Runs of espctl that begin together, or a check of the bed itself."""

    name: str
    devices: tuple[Device, ...] = ()
    runs: tuple[Run, ...] = ()
    # Runs that follow those, one after the other.
    then: tuple[Run, ...] = ()
    # Another program scans meanwhile, for devices whose name or address begins so.
    pattern: str = ""
    # Words of an espctl that is the peripheral meanwhile: waited for until it is ready, and ended afterwards.
    beside: tuple[str, ...] = ()
    # The name of a check in checks.py; it needs no espctl in the guest.
    check: str = ""
    # Seconds. Generous: everything in the guest is emulated.
    limit: float = 75


def provision(name: str, *more: str, pop: str = POP) -> tuple[str, ...]:
    """The command line that provisions a device."""
    return ("provision", "--transport", "ble", "--adapter", "hci0", "--device-name", name, "--pop", pop, *HOME, *more)


def online(security: int) -> Mapping[str, object]:
    return {"outcome": "online", "security": security, "network.ssid": "HomeNet"}


def failed(code: str) -> Mapping[str, object]:
    return {"outcome": "failed", "error.code": code}


def goes_online(device: Device) -> Run:
    """A run that brings a device online; with a PoP given, security 0 has to be allowed."""
    more = () if device.security else ("--allow-insecure",)
    return Run(provision(device.name, *more), members=online(device.security))


def provisioned(name: str, device: Device) -> Scenario:
    """A device that is to be online afterwards."""
    return Scenario(name, (device,), (goes_online(device),))


# In the air all the time, and nobody's business.
NEIGHBOURS = (Device("PROV_NEXTDOOR", security=2), Device("PROV_S"))

BRIDGE = Device("PROV_BED", security=2, mtu=23)
INFO = Device("PROV_INFO", security=2)
THREE = (Device("PROV_3A", security=0), Device("PROV_3B", security=1), Device("PROV_3C", security=2))
WRONG_1 = Device("PROV_WRONG1", security=1)
WRONG_2 = Device("PROV_WRONG2", security=2, mtu=500, longest=481, bluedroid=True)
DROPS = Device("PROV_DROPS", drops_at="prov-config")
HANGS = Device("PROV_HANGS", sim=("--fault", "hang=prov-config"))
KILLED = Device("PROV_KILLED")
OFF_SOON = Device("PROV_OFF1")
OFF_LATE = Device("PROV_OFF2", security=2)
HIDDEN = Device("PROV_HIDDEN")

SCENARIOS = (
    Scenario("bed", (BRIDGE,), check="bridge"),
    Scenario("bed-second-adapter", check="second_adapter"),
    Scenario(
        "info",
        (INFO,),
        (
            Run(
                ("info", "--transport", "ble", "--adapter", "hci0", "--device-name", INFO.name),
                members={"device.version.sec_ver": 2},
            ),
        ),
    ),
    provisioned("security-0", Device("PROV_S0", security=0)),
    provisioned("security-1", Device("PROV_S1", security=1)),
    provisioned("security-2", Device("PROV_S2", security=2)),
    provisioned("smallest-mtu", Device("PROV_MTU23", security=2, mtu=23)),
    provisioned("middling-mtu", Device("PROV_MTU185", security=2, mtu=185)),
    provisioned("largest-mtu", Device("PROV_MTU517", security=2, mtu=517)),
    provisioned("bluedroid", Device("PROV_BLUEDROID", security=2, mtu=500, longest=481, bluedroid=True)),
    provisioned("short-values", Device("PROV_SHORT", security=1, mtu=185, longest=257, bluedroid=True)),
    Scenario("three-at-once", THREE, tuple(goes_online(d) for d in THREE)),
    provisioned("encrypted", Device("PROV_ENC", security=1, encrypted=True)),
    provisioned("bonded", Device("PROV_BOND", security=1, encrypted=True, bonds=True)),
    Scenario(
        "lost-link",
        (DROPS,),
        (Run(provision(DROPS.name), status=26, members=failed("session.lost")),),
    ),
    Scenario(
        "wrong-pop",
        (WRONG_1,),
        (Run(provision(WRONG_1.name, pop="wrong"), status=21, members=failed("security.proof-rejected")),),
    ),
    Scenario(
        "wrong-pop-bluedroid",
        (WRONG_2,),
        (Run(provision(WRONG_2.name, pop="wrong"), status=21, members=failed("security.proof-rejected")),),
    ),
    Scenario(
        "interrupted",
        (HANGS,),
        (Run(provision(HANGS.name), status=130, interrupt_at="Secure session established"),),
    ),
    Scenario(
        "killed",
        (KILLED,),
        (Run(provision(KILLED.name), status=-9, kill_at="Secure session established"),),
        then=(goes_online(KILLED),),
    ),
    Scenario(
        "adapter-off-in-the-search",
        (OFF_SOON,),
        (replace(goes_online(OFF_SOON), switch_off_at="Looking for"),),
    ),
    Scenario(
        "adapter-off-in-the-session",
        (OFF_LATE,),
        (replace(goes_online(OFF_LATE), switch_off_at="Secure session established"),),
    ),
    Scenario("another-pattern", (HIDDEN,), (goes_online(HIDDEN),), pattern="Nobody"),
    Scenario("not-there", (), (Run(provision("PROV_NOBODY", "--timeout", "15"), status=10),)),
    Scenario(
        "espctl-to-espctl",
        runs=(Run(provision("PROV_ESPCTL"), members=online(2)),),
        beside=("sim", "--ble", "--adapter", "hci1", "--sec-ver", "2", "--name", "PROV_ESPCTL", "--join-ms", "200"),
    ),
)


def chosen(names: list[str]) -> list[Scenario]:
    """The scenarios of these names, in the table's order; all of them where none is named."""
    known = {scenario.name for scenario in SCENARIOS}
    if unknown := set(names) - known:
        raise SystemExit(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return [scenario for scenario in SCENARIOS if not names or scenario.name in names]


if __name__ == "__main__":
    print("\n".join(scenario.name for scenario in chosen(sys.argv[1:])))
