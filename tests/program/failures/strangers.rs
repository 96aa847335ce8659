//! Nobody there, or somebody who is no device.

use crate::failures::case::{Case, DEVICE, Device, command};
use crate::failures::peer::Answers::{Bytes, Closes, Drips, Floods, Nothing};
use Device::{None, Peer};

const INFO: &[&str] = &["info", "--device", DEVICE];

const fn stranger(name: &'static str, bytes: &'static [u8], says: &'static str) -> Case {
    command(name, Peer(Bytes(bytes)), INFO).fails("link.not-a-device", "identify", 10, says)
}

pub(crate) const CASES: &[Case] = &[
    command("accepts and says nothing", Peer(Nothing), INFO).fails(
        "deadline.step",
        "identify",
        124,
        "no answer within ",
    ),
    command("a header a byte at a time", Peer(Drips), INFO).fails(
        "deadline.step",
        "identify",
        124,
        "no answer within ",
    ),
    command("a name nobody has", None, &["info", "--address", "no-such-device.invalid"]).fails(
        "link.unreachable",
        "connect",
        12,
        "no-such-device.invalid",
    ),
    command("a closed port", None, &["info", "--address", "127.0.0.1:1"]).fails(
        "link.unreachable",
        "connect",
        12,
        "own Wi-Fi network",
    ),
    command("a closed port on IPv6", None, &["info", "--address", "[::1]:1"]).fails(
        "link.unreachable",
        "connect",
        12,
        "[::1]:1",
    ),
    command("no time to connect", None, &["info", "--address", "192.0.2.1", "--timeout", "30"]).fails(
        "link.unreachable",
        "connect",
        12,
        "Wi-Fi network",
    ),
    command("closes at once", Peer(Closes), INFO).fails("link.lost", "identify", 12, "without an answer"),
    command("a page without an end", Peer(Floods), INFO).fails("link.not-a-device", "identify", 10, "longer than"),
    stranger(
        "a router's page",
        b"HTTP/1.1 200 OK\r\nContent-Length: 46\r\n\r\n<!DOCTYPE html><html><body>Welcome</body></html",
        "on a router's at the same address",
    ),
    stranger("not found", b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", "has ended provisioning"),
    stranger("a captive portal", b"HTTP/1.1 302 Found\r\nLocation: http://login/\r\nContent-Length: 0\r\n\r\n", "302"),
    stranger("not implemented", b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n", "501"),
    stranger("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n", "as a provisioning device"),
    stranger("binary junk", b"\x00\x01\x02\xff\xfe\x80HTTP\r\n\r\n", "as a provisioning device"),
    stranger("JSON of another kind", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1, 2, 3]", "neither JSON"),
    stranger(
        "JSON of something else",
        b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}",
        "is JSON without a",
    ),
    command(
        "a version document that is cut off",
        Peer(Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"prov\":{\"sec_ver\":")),
        INFO,
    )
    .fails("device.bad-reply", "identify", 26, "breaks off after 19 bytes"),
    stranger(
        "chunks that do not follow HTTP",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n",
        "chunks do not follow",
    ),
    stranger("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "Content-Length"),
    command("a header that breaks off", Peer(Bytes(b"HTTP/1.1 200 OK\r\nContent-Le")), INFO).fails(
        "link.lost",
        "identify",
        12,
        "broke off",
    ),
    command("a body that breaks off", Peer(Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{")), INFO).fails(
        "link.lost",
        "identify",
        12,
        "broke off",
    ),
];
