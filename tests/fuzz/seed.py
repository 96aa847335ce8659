#!/usr/bin/env python3
"""Makes the fuzzer's first inputs from the recordings in tests/vectors/ and the examples in the documentation.

Inputs are named by their content, so running it again changes nothing that is there. It removes nothing.
"""

import hashlib
import json
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENDPOINTS = ["proto-ver", "prov-session", "prov-scan", "prov-config", "prov-ctrl", "cloud_user_assoc", "ch_resp", "custom-data"]
# The places of a handshake's messages, as the first byte of an input says them: scheme + 3 * (place / 2).
SCHEMES = 3


def keep(target, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def recordings():
    for file in sorted((ROOT / "tests/vectors").glob("*.json")):
        yield json.loads(file.read_text())


def seed_recordings():
    for recording in recordings():
        device = bytearray([0])
        place = 0
        for step in recording["steps"]:
            request = bytes.fromhex(step["request_hex"])
            response = bytes.fromhex(step.get("response_hex") or "")
            endpoint = step["endpoint"]
            if endpoint == "proto-ver":
                keep("version_document", response)
            elif endpoint == "prov-session":
                selector = bytes([recording["security_version"] + SCHEMES * place])
                keep("handshake_device", selector + request)
                keep("messages", request)
                if response:
                    keep("handshake_client", selector + response)
                    keep("messages", response)
                place += 1
            else:
                plain = [bytes.fromhex(step.get(f"{what}_plain_hex") or "") for what in ("request", "response")]
                for message in filter(None, plain):
                    keep("messages", message)
                if plain[1]:
                    keep("replies", plain[1])
                if endpoint in ENDPOINTS and len(plain[0]) < 256:
                    device += bytes([ENDPOINTS.index(endpoint), len(plain[0])]) + plain[0]
                line = f"{endpoint} 1804289383 {plain[0].hex()}"
                keep("console", f"{line}\r\n\r\n{plain[1].hex()}\r\n\n>> ".encode())
            if recording["name"] != "sec0-full":
                continue
            head = f"POST /{endpoint} HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: {len(request)}\r\n\r\n"
            keep("http", head.encode() + request)
            if response:
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(response)}\r\n\r\n"
                keep("http", head.encode() + response)
        keep("simulated_device", bytes(device))
    for scheme in range(SCHEMES):
        # What is sealed comes after the handshake.
        for target in ("handshake_client", "handshake_device"):
            keep(target, bytes([scheme + SCHEMES * 2]) + b"sealed")


def seed_texts():
    qr = '{"ver":"v1","name":"PROV_d76c30","username":"wifiprov","pop":"abcd1234","transport":"softap"}'
    keep("qr_text", qr.encode())
    keep("qr_text", b"NP:V1;N:PROV_d76c30;P:abcd1234;T:s;;")
    keep("qr_text", b"WIFI:T:WPA;S:HomeNet;P:secret;;")
    keep("qr_text", b"https://espressif.github.io/esp-jumpstart/qrcode.html?data=" + qr.encode())
    log = f"ESP-ROM:esp32c3\r\nrst:0x1 (POWERON),boot:0xc\r\n\x1b[0;32mI (412) app: {qr}\x1b[0m\r\n" \
          "E (900) network_prov_mgr: Disconnect reason : 201\r\n"
    for size in (1, 7, 255):
        keep("board_log", bytes([size]) + log.encode())
    keep("board_log", b"\x40I (9) QRCODE: " + qr.encode()[:40] + b"[  1420][D][WiFi.cpp:9] x(): y\r\n" + qr.encode()[40:] + b"\r\n")
    keep("board_log", b"\x05" + "  █▀▀▀▀▀█ ▀▄█▀▄▀█▄\r\nI (14:23:05.123) app: \\".encode() + qr.replace('"', '\\"').encode() + b"\r\n")
    keep("board_log", b"\x40[1][I][WiFiProv.cpp:1] b(): Starting AP using SOFTAP\r\n service_name : P\r\n pop : correct-horse-battery\r\n")
    keep("http", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nX: 1\r\n\r\n")
    keep("version_document", b'{"caf\xe9":{"ver":"1"},"prov":{"ver":"v1.1","sec_ver":1,"cap":["wifi_scan"]},"acme":{"cap":["a"')
    keep("qr_text", b'{"name":"P","pop":00123,"transport":"softap"')
    keep("board_log", b"\x40\tSSID     : HomeNet\r\n\tPassword : correct-horse-battery\r\n")
    keep("console", b"prov-config 1804289383 5200\r\nI (12) wifi: x\r\n08015a\x1b[0;32mI (9) a: b\x1b[0m\r\n021001\r\n\n>> ")
    keep("agent_replies", b"get-node-id\r\n\nesp_rmaker_commands: Node ID: abc123DEF\n\n>> ")
    keep("agent_replies", b"\nesp_rmaker_commands: hex signature(len 4): 00ff10aa\r\n>> ")
    keep("agent_replies", b"rmaker_console: Console command failed with error: -1\r\n>> ")
    keep("agent_replies", b"I (1) network_prov_mgr: STA Got IP\r\nI (2) esp_netif_handlers: sta ip: 192.168.1.77, mask: 255.255.255.0\r\n")
    keep("agent_replies", b"E (1) network_prov_mgr: STA Disconnected\r\nE (1) network_prov_mgr: Disconnect reason : 15\r\n")
    for text in (b"softap:192.168.4.1:80", b"softap:[fe80::1]", b"ble:PROV_d76c30?adapter=hci0", b"console:/dev/ttyUSB0?baud=115200",
                 b"sim:PROV_x?profile=rainmaker&fault=hang@2&ap=Home%3D12345678"):
        keep("locator", text)
    for text in (b"HomeNet", "Caf\u00e9 \u2615".encode(), b"\x1b[31mred\x1b[0m", "a\u202eb\u200b\u0301\u0301\u0301".encode(), b"\xff\xfe\x80"):
        keep("sanitiser", text)
    keep("version_document", b"V0.1")
    keep("advertisement", b"\x0bPROV_d76c30\xe5\x02" + bytes.fromhex("021a900403824aeabff46b3f1c5adfb4") + b"Nova\x01\x02\x03")
    keep("advertisement", b"\x00\xff\xff" + bytes.fromhex("0000fff600001000800000805f9b34fb") + bytes.fromhex("00800ff1ff0080"))
    keep("advertisement", b"\x00\xff\xff" + bytes.fromhex("0000467700001000800000805f9b34fb") + bytes.fromhex("0201000000"))
    keep("simulated_device", bytes([1, 3, 2]) + b"\x08\x06" + bytes([3, 2]) + b"\x08\x0a" + bytes([2, 5]) + bytes.fromhex("0806820100"))


def seed_pictures():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = 24
    rows = b"".join(b"\0" + bytes((x * y) % 2 * 255 for x in range(side)) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    keep("qr_picture", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    keep("qr_picture", b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9")


seed_recordings()
seed_texts()
seed_pictures()
