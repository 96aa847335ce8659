"""A device that shares no code with espctl: protocomm over HTTP from the specification's text alone.

The Python standard library, and `cryptography` for X25519 and AES; protobuf and SRP-6a are written out below. It is
no model of the firmware (src/sim is), only a second opinion for the client: README.md says how to run it.
"""

import argparse
import hashlib
import json
import os
import socket
import time

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NETWORKS = [  # SSID, passphrase, channel, RSSI, BSSID, authentication mode
    (b"HomeNet", b"correct-horse-battery", 6, -48, bytes.fromhex("02005e100001"), 3),
    (b"HomeNet", b"correct-horse-battery", 11, -71, bytes.fromhex("02005e100002"), 3),
    ("Café ☕".encode(), b"espresso-doppio", 1, -60, bytes.fromhex("02005e100003"), 3),
    (b"Guests", b"", 1, -80, bytes.fromhex("02005e100004"), 0),
]


class Refused(Exception):
    """The handler fails: the connection closes without an answer."""


# Protobuf: a message is a dictionary from field number to an int, to bytes, or to a list of them.


class Member(int):
    """A number in a oneof: it travels even where it is zero."""


def varint(number):
    out = bytearray()
    number &= 2**64 - 1  # a negative int32 takes ten bytes
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def encode(fields):
    out = b""
    for field, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                out += varint(field << 3) + varint(value) if value or isinstance(value, Member) else b""
            else:
                out += varint(field << 3 | 2) + varint(len(value)) + value
    return out


def decode(data):
    fields, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(data) or shift > 63:
                raise Refused("protobuf")
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            fields[key >> 3] = number()
        elif key & 7 == 2:
            length = number()
            if at + length > len(data):
                raise Refused("protobuf")
            fields[key >> 3] = data[at : at + length]
            at += length
        else:
            raise Refused("protobuf")
    return fields


class Security0:
    def session(self, message):
        if 10 not in message or message.get(2, 0) != 0:
            raise Refused("not security 0")
        return {10: encode({1: 1, 21: b""})}

    def open(self, data):
        return data

    seal = open


class Security1:
    def __init__(self, pop):
        self.pop = pop.encode()
        self.stream = None
        self.waiting = None

    def session(self, message):
        if message.get(2) != 1 or 11 not in message:
            raise Refused("not security 1")
        payload = decode(message[11])
        if payload.get(1, 0) == 0:
            return {2: 1, 11: self.first(decode(payload[20])[1])}
        if payload.get(1) == 2 and self.waiting:
            return {2: 1, 11: self.second(decode(payload[22])[2])}
        raise Refused("out of order")

    def first(self, client_key):
        own = X25519PrivateKey.generate()
        device_key, random = own.public_key().public_bytes_raw(), os.urandom(16)
        key = own.exchange(X25519PublicKey.from_public_bytes(client_key))
        if self.pop:
            key = bytes(a ^ b for a, b in zip(key, hashlib.sha256(self.pop).digest()))
        # One keystream for both directions, from the proofs on.
        self.stream = Cipher(algorithms.AES(key), modes.CTR(random)).encryptor()
        self.waiting = (client_key, device_key)
        return encode({1: 1, 21: encode({2: device_key, 3: random})})

    def second(self, proof):
        (client_key, device_key), self.waiting = self.waiting, None
        if self.stream.update(proof) != device_key:
            self.stream = None
            raise Refused("wrong proof")
        return encode({1: 3, 23: encode({3: self.stream.update(client_key)})})

    def open(self, data):
        if self.stream is None or self.waiting:
            raise Refused("no session")
        return self.stream.update(data)

    def seal(self, data):
        return self.stream.update(data)


def prime():
    """The 3072-bit group's prime by RFC 3526: 2^3072 - 2^3008 - 1 + 2^64 * (floor(2^2942 pi) + 1690314)."""
    bits, guard = 2942, 64
    one = 1 << (bits + guard)

    def arctan_of_inverse(x):
        term = total = one // x
        n, sign = 3, -1
        while term:
            term //= x * x
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total

    pi = 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))
    return 2**3072 - 2**3008 - 1 + 2**64 * ((pi >> guard) + 1690314)


N, G, LENGTH = prime(), 5, 384


def sha512(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


def integer(data):
    return int.from_bytes(data, "big")


def minimal(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def padded(value):
    return value.to_bytes(LENGTH, "big")


class Security2:
    def __init__(self, username, password, patch):
        self.username, self.patch = username.encode(), patch
        self.salt = os.urandom(16)
        x = integer(sha512(self.salt, sha512(self.username, b":", password.encode())))
        self.verifier = pow(G, x, N)
        self.cipher = self.expected = None

    def session(self, message):
        if message.get(2) != 2 or 12 not in message:
            raise Refused("not security 2")
        payload = decode(message[12])
        if payload.get(1, 0) == 0:
            command = decode(payload[20])
            return {2: 2, 12: self.first(command.get(1, b""), command[2])}
        if payload.get(1) == 2 and self.expected:
            return {2: 2, 12: self.second(decode(payload[22])[1])}
        raise Refused("out of order")

    def first(self, username, client_key):
        a = integer(client_key)
        if len(client_key) != LENGTH or a % N == 0 or not username:
            raise Refused("A")
        k = integer(sha512(padded(N), padded(G)))
        b = integer(os.urandom(32))
        device_key = (k * self.verifier + pow(G, b, N)) % N
        u = integer(sha512(padded(a), padded(device_key)))
        shared = pow(a * pow(self.verifier, u, N), b, N)
        self.key = sha512(minimal(shared))
        group = bytes(x ^ y for x, y in zip(sha512(padded(N)), sha512(padded(G))))
        proof = sha512(group, sha512(username), self.salt, client_key, minimal(device_key), self.key)
        self.expected = (proof, sha512(client_key, proof, self.key))
        return encode({1: 1, 21: encode({2: minimal(device_key), 3: self.salt})})

    def second(self, proof):
        (expected, answer), self.expected = self.expected, None
        if proof != expected:
            raise Refused("wrong proof")
        self.cipher = AESGCM(self.key[:32])
        self.nonce = os.urandom(8) + (1).to_bytes(4, "big") if self.patch else os.urandom(16)
        return encode({1: 3, 23: encode({2: answer, 3: self.nonce})})

    def advance(self):
        if self.patch:
            self.nonce = self.nonce[:8] + (integer(self.nonce[8:]) + 1).to_bytes(4, "big")

    def open(self, data):
        if self.cipher is None:
            raise Refused("no session")
        try:
            plain = self.cipher.decrypt(self.nonce, data, None)
        except Exception as error:
            raise Refused("tag") from error
        self.advance()
        return plain

    def seal(self, data):
        sealed = self.cipher.encrypt(self.nonce, data, None)
        self.advance()
        return sealed


class Device:
    def __init__(self, options):
        self.options = options
        self.security = {
            0: lambda: Security0(),
            1: lambda: Security1(options.pop),
            2: lambda: Security2(options.username, options.pop, options.patch),
        }[options.security]
        self.credentials = self.applied = self.ends = None
        self.open_session()

    def open_session(self):
        self.secured = self.security()

    def handle(self, endpoint, body):
        if endpoint == "proto-ver":
            capabilities = ["wifi_scan"]
            if self.options.security == 0:
                capabilities.insert(0, "no_sec")
            if self.options.security == 1 and not self.options.pop:
                capabilities.insert(0, "no_pop")
            about = {"ver": "v1.1", "sec_ver": self.options.security, "sec_patch_ver": self.options.patch}
            return json.dumps({"prov": {**about, "cap": capabilities}}, indent="\t").encode()
        if endpoint == "prov-session":
            return encode(self.secured.session(decode(body)))
        handler = {"prov-config": self.config, "prov-scan": self.scan, "prov-ctrl": self.control}[endpoint]
        return self.secured.seal(encode(handler(decode(self.secured.open(body)))))

    def config(self, message):
        kind = message.get(1, 0)
        if kind == 0:
            return {1: 1, 11: encode(self.status())}
        if kind == 2:
            fields = decode(message[12])
            ssid, passphrase = fields.get(1, b""), fields.get(2, b"")
            fits = len(ssid) <= 32 and len(passphrase) <= 63
            self.credentials = (ssid, passphrase) if fits else None
            return {1: 3, 13: encode({1: 0 if fits else 4})}
        if kind == 4:
            accepted = self.credentials is not None and self.applied is None
            if accepted:
                self.applied = time.monotonic()
            return {1: 5, 15: encode({1: 0 if accepted else 5})}
        raise Refused("config")

    def status(self):
        if self.applied is None or time.monotonic() < self.applied + 1 + self.options.join:
            return {2: 1}
        ssid, passphrase = self.credentials
        heard = [network for network in NETWORKS if network[0] == ssid]
        if not heard or heard[0][1] != passphrase:
            return {2: 3, 10: Member(0 if heard else 1)}
        self.ends = self.ends or time.monotonic() + 1
        _, _, channel, _, bssid, auth = heard[0]
        return {11: encode({1: b"192.168.1.77", 2: auth, 3: ssid, 4: bssid, 5: channel})}

    def scan(self, message):
        kind = message.get(1, 0)
        if kind == 0:
            return {1: 1, 11: b""}
        if kind == 2:
            return {1: 3, 13: encode({1: 1, 2: len(NETWORKS)})}
        if kind == 4:
            wanted = decode(message[14])
            start, count = wanted.get(1, 0), wanted.get(2, 0)
            if start + count > len(NETWORKS):
                raise Refused("past the end")
            entries = sorted(NETWORKS, key=lambda network: -network[3])[start : start + count]
            encoded = [encode({1: s, 2: c, 3: r, 4: b, 5: a}) for s, _, c, r, b, a in entries]
            return {1: 5, 15: encode({1: encoded})}
        raise Refused("scan")

    def control(self, message):
        if message.get(1) != 1:
            raise Refused("control")
        self.applied = self.credentials = None
        return {1: 2, 12: b""}


def serve(device, listener):
    """One connection at a time; header and body leave apart, as a device's do."""
    cookie = None
    while device.ends is None or time.monotonic() < device.ends:
        listener.settimeout(0.1)
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        connection.settimeout(0.1)
        buffer, owns = b"", False
        while device.ends is None or time.monotonic() < device.ends:
            head, blank, rest = buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:] if ": " in line)}
            length = int(headers.get("content-length", 0))
            if not blank or len(rest) < length:
                try:
                    more = connection.recv(4096)
                except TimeoutError:
                    continue
                except OSError:
                    break
                if not more:
                    break
                buffer += more
                continue
            body, buffer = rest[:length], rest[length:]
            sent, fresh = headers.get("cookie"), ""
            if cookie is None or (sent != cookie if sent else not owns):
                device.open_session()
                cookie = f"session={integer(os.urandom(4))}"
                fresh = f"Set-Cookie: {cookie}\r\n"
            owns = True
            endpoint = lines[0].split(" ")[1][1:]
            try:
                reply = device.handle(endpoint, body)
            except KeyError:
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                break
            except Refused as refused:
                print(f"refused {endpoint}: {refused}", flush=True)
                break
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(reply)}\r\n".encode())
            connection.sendall(f"{fresh}\r\n".encode())
            connection.sendall(reply)
        connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--security", type=int, choices=[0, 1, 2], default=1)
    parser.add_argument("--patch", type=int, choices=[0, 1], default=1, help="security 2's IV rule")
    parser.add_argument("--username", default="wifiprov")
    parser.add_argument("--pop", default="abcd1234", help="empty: none; with security 2 it is the password")
    parser.add_argument("--join", type=float, default=0.5, help="seconds")
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", options.port)) as listener:
        print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        serve(Device(options), listener)


if __name__ == "__main__":
    main()
