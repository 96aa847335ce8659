"""A device in the air: it advertises and answers GATT as ESP-IDF firmware does.

Behind it is a simulated device (board.py), around it the modelled radio (radio.py). Which devices there are, and when,
is devices.py's; what a client should make of them is nobody's here.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from bumble import att, core, gatt, gatt_server, hci, pairing
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink

import table
from board import Board, Gone, Refused, Session
from radio import Air, Radio

# ESP-IDF: 0x100 units of 0.625 ms.
ADVERTISING_MS = 160
# How often a device that is off the air is looked for.
OUTAGE = 0.2

# What a failed handler becomes: with NimBLE "invalid PDU", with Bluedroid a status of its own.
NIMBLE_ERROR = att.ATT_INVALID_PDU_ERROR
BLUEDROID_ERROR = 0x85
# How long after that the link goes.
BLUEDROID_DROPS = 0.05


class Server(gatt_server.Server):
    """bumble's GATT server with NimBLE's manners."""

    def on_att_read_blob_request(self, bearer: att.Bearer, request: att.ATT_Read_Blob_Request) -> None:
        """A value that ends just where a part did: BlueZ asks for more, and fails the whole read at an error."""
        attribute = self.get_attribute(request.attribute_handle)
        value = attribute.value if isinstance(attribute, gatt.Characteristic) else None
        if isinstance(value, Value) and request.value_offset == len(value.read_now(bearer)):
            self.send_response(bearer, att.ATT_Read_Blob_Response(part_attribute_value=b""))
        else:
            super().on_att_read_blob_request(bearer, request)

    def on_att_prepare_write_request(self, bearer: att.Bearer, request: att.ATT_Prepare_Write_Request) -> None:
        """Permission is asked at the first part. bumble asks at the end, when the parts are lost with the refusal."""
        attribute = self.get_attribute(request.attribute_handle)
        if isinstance(attribute, gatt.Characteristic) and isinstance(attribute.value, Value):
            attribute.value.permit(bearer)
        super().on_att_prepare_write_request(bearer, request)


class Value(gatt.CharacteristicValue[bytes]):
    """The value of an endpoint's characteristic: what was answered last."""

    def __init__(self, peripheral: "Peripheral", endpoint: str) -> None:
        super().__init__(read=self.read_now, write=self.written)
        self.peripheral = peripheral
        self.endpoint = endpoint

    def permit(self, connection: att.Bearer) -> None:
        if self.peripheral.device.encrypted and isinstance(connection, Connection) and not connection.encryption:
            raise att.ATT_Error(att.ATT_INSUFFICIENT_AUTHENTICATION_ERROR)

    def read_now(self, connection: att.Bearer) -> bytes:
        self.permit(connection)
        return self.peripheral.answers.get(self.endpoint, b"")

    async def written(self, connection: Connection, request: bytes) -> None:
        self.permit(connection)
        await self.peripheral.handle(connection, self.endpoint, bytes(request))


class Peripheral:
    """One boot of a device: its radio, its GATT server, and the board behind them."""

    def __init__(self, device: table.Device, air: Air, address: str, board: Board, say: Callable[[str], None]) -> None:
        self.device = device
        self.board = board
        self.say = say
        self.session: Session | None = None
        self.connection: Connection | None = None
        self.answers: dict[str, bytes] = {}
        self.on_air = False
        self.tasks: set[asyncio.Future[None]] = set()
        self.air = air
        self.controller = Radio(device.name, air, address)
        configuration = DeviceConfiguration(name=device.name, address=self.controller.public_address)
        self.radio = Device(config=configuration, host=Host(self.controller, AsyncPipeSink(self.controller)))
        self.radio.gatt_server.__class__ = Server
        self.radio.gatt_server.max_mtu = device.mtu
        # Just Works: as ESP-IDF has it, which keeps the keys where it is told to.
        delegate = pairing.PairingDelegate(pairing.PairingDelegate.NO_OUTPUT_NO_INPUT)
        self.radio.pairing_config_factory = lambda _: pairing.PairingConfig(
            sc=True, mitm=True, bonding=device.bonds, delegate=delegate
        )
        self.radio.on("connection", self.connected)

    async def start(self) -> None:
        """Up to the first advertisement."""
        await self.radio.power_on()
        endpoints = await self.board.endpoints()
        self.radio.add_service(gatt.Service(table.SERVICE, [self.characteristic(*item) for item in endpoints.items()]))
        await self.appear()
        self.say(f"advertises as {self.radio.public_address}: {', '.join(endpoints)}")
        self.later(self.watch())

    async def watch(self) -> None:
        """The service of a device that was provisioned ends, and its radio with it."""
        await self.board.ended()
        await self.vanish()

    async def stop(self) -> None:
        """Switches the device off."""
        for task in self.tasks:
            task.cancel()
        await self.vanish()
        self.board.kill()
        await self.board.ended()
        self.air.remove_controller(self.controller)

    def later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def characteristic(self, endpoint: str, number: int) -> gatt.Characteristic[bytes]:
        name = gatt.Descriptor(
            gatt.GATT_CHARACTERISTIC_USER_DESCRIPTION_DESCRIPTOR, gatt.Descriptor.READABLE, endpoint.encode()
        )
        return gatt.Characteristic(
            f"{table.SERVICE[:4]}{number:04x}{table.SERVICE[8:]}",
            gatt.Characteristic.Properties.READ | gatt.Characteristic.Properties.WRITE,
            gatt.Characteristic.READABLE | gatt.Characteristic.WRITEABLE,
            Value(self, endpoint),
            [name],
        )

    # On and off the air.

    async def appear(self) -> None:
        self.on_air = True
        kinds = core.AdvertisingData
        flags = (kinds.FLAGS, bytes([kinds.LE_GENERAL_DISCOVERABLE_MODE_FLAG | kinds.BR_EDR_NOT_SUPPORTED_FLAG]))
        service = (kinds.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, bytes(core.UUID(table.SERVICE)))
        name = (kinds.COMPLETE_LOCAL_NAME, self.device.name.encode())
        await self.radio.start_advertising(
            advertising_data=bytes(kinds([flags, service])),
            scan_response_data=bytes(kinds([name])),
            own_address_type=hci.OwnAddressType.PUBLIC,
            advertising_interval_min=ADVERTISING_MS,
            advertising_interval_max=ADVERTISING_MS,
        )

    async def vanish(self) -> None:
        """Off the air: no advertisement, no link."""
        if self.on_air:
            self.on_air = False
            await self.radio.stop_advertising()
            await self.drop()
            self.say("off the air")

    async def drop(self, after: float = 0) -> None:
        await asyncio.sleep(after)
        if self.connection:
            with contextlib.suppress(hci.HCI_Error, core.BaseBumbleError):
                await self.connection.disconnect()

    async def outlast(self) -> None:
        """The board's service is away: back on the air with it, if it ever comes."""
        while self.board.process.returncode is None:
            if await self.board.listens():
                await self.appear()
                return
            await asyncio.sleep(OUTAGE)

    def connected(self, connection: Connection) -> None:
        self.connection = connection
        session = self.session = Session(self.board)
        self.say(f"connected by {connection.peer_address}")

        def ended(reason: int) -> None:
            self.say(f"disconnected, reason 0x{reason:02x}")
            session.close()
            self.connection = self.session = None
            self.answers.clear()
            if self.on_air:
                self.later(self.appear())

        connection.on("disconnection", ended)
        connection.on("connection_att_mtu_update", lambda: self.say(f"MTU {connection.att_mtu}"))
        connection.on("connection_encryption_change", lambda: self.say(f"encryption {connection.encryption}"))
        connection.on("pairing_failure", lambda reason: self.say(f"pairing failed: {reason}"))

    # Requests.

    async def handle(self, connection: Connection, endpoint: str, request: bytes) -> None:
        """A characteristic was written. Until this returns the write is not answered."""
        session = self.session
        if not session or not request:
            return  # NimBLE takes an empty write and does nothing.
        if len(request) > self.device.longest:
            self.say(f"{endpoint}: {len(request)} bytes are too many")
            raise att.ATT_Error(att.ATT_INVALID_ATTRIBUTE_LENGTH_ERROR)
        if endpoint == self.device.drops_at:
            self.say(f"{endpoint}: {len(request)} bytes; drops the link")
            await self.drop()
            return
        try:
            answer = await session.request(endpoint, request)
            if len(answer) > self.device.longest:
                raise Refused
        except Refused:
            self.say(f"{endpoint}: {len(request)} bytes, refused")
            if self.device.bluedroid:
                self.later(self.drop(BLUEDROID_DROPS))
                raise att.ATT_Error(BLUEDROID_ERROR) from None
            raise att.ATT_Error(NIMBLE_ERROR) from None
        except Gone:
            self.say(f"{endpoint}: nobody listens")
            await self.vanish()
            self.later(self.outlast())
            return
        if session is self.session:
            self.say(f"{endpoint}: {len(request)} bytes, answered {len(answer)}")
            self.answers[endpoint] = answer
