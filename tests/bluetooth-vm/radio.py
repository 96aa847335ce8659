"""The air and the radios in it: bumble's virtual controllers, mended where a real Linux host would notice.

Whoever wants to know what a controller does with a command reads bumble's Controller; here is only what version
0.0.236 does otherwise than radios do, or not at all. What the devices say over the radio is in peripheral.py.
"""

import asyncio
import random

from bumble import core, hci, ll
from bumble.controller import Connection, Controller, LegacyAdvertiser
from bumble.link import LocalLink
from bumble.transport.common import Transport

# Loudness of everything, give or take; it changes slowly, since each change is a signal on the guest's bus.
LOUDNESS = -50

# What these radios are too simple for; the kernel then does without.
LACKING = (
    hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING | hci.LeFeatureMask.LL_PRIVACY
)


class Air(LocalLink):
    """What connects the radios. Nothing is ever lost in it and everybody hears everybody."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        # bumble names the sender's random address as the source; a Linux host connects with its public one.
        target = self.find_le_controller(destination_address)
        connection = sender_controller.le_connections.get(destination_address)
        if target and connection:
            asyncio.get_running_loop().call_soon(target.on_link_acl_data, connection.self_address, transport, data)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        if isinstance(packet, ll.ConnectInd):
            # At once: an advertiser that stopped in between would leave the central with half a link, for good.
            for controller in list(self.controllers):
                if controller is not sender_controller:
                    controller.on_ll_advertising_pdu(packet)
        else:
            super().send_advertising_pdu(sender_controller, packet)


class Advertiser(LegacyAdvertiser):
    """Legacy advertising at the interval that was asked for, with the random delay of the specification."""

    def _on_timer_fired(self) -> None:
        self.send_advertising_data()
        # bumble takes the interval's unit, 0.625 ms, for a millisecond.
        interval = self.advertising_interval_min * 0.000625 + random.uniform(0, 0.010)
        self.timer_handle = asyncio.get_running_loop().call_later(interval, self._on_timer_fired)


class Radio(Controller):
    """A controller for Bluetooth LE: legacy advertising, no privacy of its own, any number of links."""

    def __init__(self, name: str, air: Air, address: str, transport: Transport | None = None) -> None:
        """With a transport the host is at its other end; otherwise it is to be set."""
        public = hci.Address(address, hci.AddressType.PUBLIC_DEVICE)
        source, sink = (transport.source, transport.sink) if transport else (None, None)
        super().__init__(name, source, sink, air, public)
        self.le_features &= ~LACKING
        self.le_acl_data_packet_length = 251
        self.le_legacy_advertiser = Advertiser(self)
        self.accept_list: set[hci.Address] = set()
        self.loudness: dict[hci.Address, int] = {}

    # Hearing others.

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """An advertisement was heard: reports it to a host that scans, connects where a host waits for it.

        bumble puts the advertisement's data into the scan response too, in passive scans as well, so that a name
        which is only in the scan response is never seen.
        """
        advertiser = self.advertiser_at(pdu.advertiser_address)
        if advertiser is None:
            return
        listed = pdu.advertiser_address in self.accept_list
        if self.le_scan_enable and (listed or not self.le_scanning_filter_policy & 1):
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            self.report(kinds.ADV_IND, pdu.advertiser_address, pdu.data)
            if self.le_scan_type == hci.HCI_LE_Set_Scan_Parameters_Command.ACTIVE_SCANNING:
                self.report(kinds.SCAN_RSP, pdu.advertiser_address, advertiser.scan_response_data)
        pending = self.pending_le_connection
        if isinstance(pending, hci.HCI_LE_Create_Connection_Command):
            wanted = listed if pending.initiator_filter_policy & 1 else pending.peer_address == pdu.advertiser_address
            if wanted and pdu.advertiser_address not in self.le_connections:
                pending.peer_address = pdu.advertiser_address
                self.create_le_connection(pdu.advertiser_address)

    def advertiser_at(self, address: hci.Address) -> LegacyAdvertiser | None:
        assert self.link
        advertisers = (controller.le_legacy_advertiser for controller in self.link.controllers)
        return next((one for one in advertisers if one.enabled and one.address == address), None)

    def report(self, kind: int, address: hci.Address, data: bytes) -> None:
        loudness = self.loudness.get(address, LOUDNESS)
        if random.random() < 0.05:
            loudness = LOUDNESS + random.randint(-4, 4)
        self.loudness[address] = loudness
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=kind, address_type=address.address_type, address=address, data=data, rssi=loudness
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))

    # Commands that bumble takes and does not carry out.

    def on_hci_le_add_device_to_filter_accept_list_command(
        self, command: hci.HCI_LE_Add_Device_To_Filter_Accept_List_Command
    ) -> hci.HCI_StatusReturnParameters:
        self.accept_list.add(command.address)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_le_remove_device_from_filter_accept_list_command(
        self, command: hci.HCI_LE_Remove_Device_From_Filter_Accept_List_Command
    ) -> hci.HCI_StatusReturnParameters:
        self.accept_list.discard(command.address)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_le_clear_filter_accept_list_command(
        self, _command: hci.HCI_LE_Clear_Filter_Accept_List_Command
    ) -> hci.HCI_StatusReturnParameters:
        self.accept_list.clear()
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        pending, self.pending_le_connection = self.pending_le_connection, None
        if not isinstance(pending, hci.HCI_LE_Create_Connection_Command):
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        # After the command's own completion, the connection's: cancelled.
        asyncio.get_running_loop().call_soon(
            self.send_hci_packet,
            hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=pending.peer_address.address_type,
                peer_address=pending.peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            ),
        )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_disconnect_command(self, command: hci.HCI_Disconnect_Command) -> None:
        # A link that the other side has just ended: bumble would promise an event that never comes.
        if self.find_connection_by_handle(command.connection_handle) is None:
            self._send_hci_command_status(hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR, command.op_code)
        else:
            super().on_hci_disconnect_command(command)

    def on_hci_reset_command(self, command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        self.le_legacy_advertiser.stop()
        self.le_scan_enable = False
        self.pending_le_connection = None
        self.accept_list.clear()
        for connection in list(self.le_connections.values()):
            self.drop(connection)
        return super().on_hci_reset_command(command)

    def drop(self, connection: Connection) -> None:
        """Ends a link without telling the own host: it has forgotten it."""
        connection.send_ll_control_pdu(ll.TerminateInd(hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR))
        del self.le_connections[connection.peer_address]
