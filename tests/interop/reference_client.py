"""The reference client against `espctl sim`: whole conversations, every byte of them made by its own modules.

By hand, not by `cargo test`: README.md beside this file has the two commands. Transport, security and messages are
those of esp-rainmaker-cli; the handshake is run a second time by esp-protocomm, where that is installed. This file
only decides what to say and checks what comes back.
"""

import asyncio
import contextlib
import io
import json
import statistics
import subprocess
import sys
import time
from unittest import mock

from rmaker_tools.common.prov import wifi_scan
from rmaker_tools.common.security import security2
from rmaker_tools.rmaker_prov import challenge_response
from rmaker_tools.rmaker_prov import esp_rainmaker_prov as program
from rmaker_tools.rmaker_prov.prov import prov_util as prov

ESPCTL = "espctl"
POP, SSID, PASSPHRASE = "abcd1234", "HomeNet", "correct-horse-battery"


def with_a_full_key(username, password, draw=security2.Srp6a):
    """Once in 256 times the client's public key has 383 bytes, which every device refuses: here it is drawn again."""
    while True:
        drawn = draw(username, password)
        if drawn.A.bit_length() > 8 * 383:
            return drawn


security2.Srp6a = with_a_full_key


@contextlib.contextmanager
def device(*options):
    """A simulated device in a process of its own; its address."""
    command = [ESPCTL, "sim", "--http", "127.0.0.1:0", "--json", "--seed", "7", "--scan-ms", "300", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield json.loads(process.stdout.readline())["devices"][0]["device"].removeprefix("softap:")
    finally:
        process.terminate()
        process.wait()


def connected(address, security, pop="", username="", password=""):
    """A transport and a session, or an error."""
    link = prov.get_transport("softap", address)
    patch = prov.get_sec_patch_ver(link) if security == 2 else 0
    secured = prov.get_security(security, patch, username, password, pop)
    assert prov.establish_session(link, secured), "no session"
    return link, secured


def refused(action):
    """Firmware refuses by closing the connection, which this transport reports as a RuntimeError."""
    try:
        action()
    except RuntimeError as error:
        assert "Connection Failure" in str(error), error
        return
    raise AssertionError("it was taken")


def wait(link, secured):
    """Polls until the device has joined or given up."""
    for _ in range(100):
        state = prov.get_wifi_config(link, secured)
        if state in ("connected", "failed"):
            return state
        time.sleep(0.05)
    raise AssertionError("still joining")


def joins(link, secured, passphrase=PASSPHRASE, expect="connected"):
    assert prov.send_wifi_config(link, secured, SSID, passphrase), "set"
    assert prov.apply_wifi_config(link, secured), "apply"
    assert wait(link, secured) == expect


def whole_conversation(*options, security, **secrets):
    with device("--join-ms", "100", *options) as address:
        link, secured = connected(address, security, **secrets)
        joins(link, secured)


def version_document():
    with device("--profile", "netprov-1.2", "--sec-ver", "1") as address:
        link = prov.get_transport("softap", address)
        assert prov.has_capability(link) and prov.has_capability(link, "wifi_scan")
        assert not prov.has_capability(link, "no_sec") and not prov.has_capability(link, "no_pop")
        assert prov.version_match(link, "netprov-v1.2")
        assert "\t" in prov.get_version(link)
    with device("--sec-ver", "0") as address:
        assert prov.has_capability(prov.get_transport("softap", address), "no_sec")
    with device("--sec-ver", "1", "--no-pop") as address:
        assert prov.has_capability(prov.get_transport("softap", address), "no_pop")
    with device("--profile", "pre-manager") as address:
        link = prov.get_transport("softap", address)
        assert prov.version_match(link, "V0.1") and not prov.has_capability(link)


def security_0():
    whole_conversation("--sec-ver", "0", security=0)


def security_1_with_pop():
    whole_conversation("--sec-ver", "1", security=1, pop=POP)


def security_1_without_pop():
    whole_conversation("--sec-ver", "1", "--no-pop", security=1)


def security_1_wrong_pop():
    with device("--sec-ver", "1") as address:
        refused(lambda: connected(address, 1, pop="wrong"))
        connected(address, 1, pop=POP)


def security_2_counting_iv():
    whole_conversation("--sec-ver", "2", security=2, username="wifiprov", password=POP)


def security_2_static_iv():
    whole_conversation("--profile", "idf-5.0", security=2, username="wifiprov", password=POP)


def security_2_wrong_password():
    with device("--sec-ver", "2") as address:
        refused(lambda: connected(address, 2, username="wifiprov", password="wrong"))
        refused(lambda: connected(address, 2, username="other", password=POP))
        connected(address, 2, username="wifiprov", password=POP)


def security_2_own_credentials():
    own = dict(username="installer", password="a longer password, with spaces")
    options = ("--username", own["username"], "--password", own["password"])
    whole_conversation("--sec-ver", "2", *options, security=2, **own)


def another_scheme_than_the_device():
    with device("--sec-ver", "2") as address:
        refused(lambda: connected(address, 1, pop=POP))
        refused(lambda: connected(address, 0))


def lockout():
    with device("--profile", "rainmaker", "--sec-ver", "1") as address:
        for _ in range(5):
            refused(lambda: connected(address, 1, pop="wrong"))
        time.sleep(0.5)
        try:
            connected(address, 1, pop=POP)
        except RuntimeError:
            return
        raise AssertionError("it still listens")


def every_profile():
    for profile, security in [("idf-5.5", 2), ("idf-4.4", 1), ("idf-4.2", 1), ("rainmaker", 2), ("pre-manager", 1)]:
        secrets = dict(username="wifiprov", password=POP) if security == 2 else dict(pop=POP)
        whole_conversation("--profile", profile, security=security, **secrets)


def user_mapping():
    with device("--profile", "rainmaker-old", "--node-id", "node-1") as address:
        link, secured = connected(address, 1, pop=POP)
        assert program.custom_config(link, secured, "user-1", "secret") == (0, "node-1")


def challenge_and_response():
    with device("--profile", "rainmaker", "--node-id", "node-1") as address:
        link, secured = connected(address, 2, username="wifiprov", password=POP)
        assert challenge_response.has_challenge_response_capability(prov.get_version(link))
        done, node, signature = challenge_response.send_challenge_to_device(link, secured, "challenge")
        assert (done, node, len(signature)) == (True, "node-1", 256)
        assert challenge_response.send_disable_chal_resp(link, secured)
        assert challenge_response.send_challenge_to_device(link, secured, "again")[0] is False


def scan():
    for security, secrets in [(1, dict(pop=POP)), (2, dict(username="wifiprov", password=POP))]:
        with device("--sec-ver", str(security)) as address:
            link, secured = connected(address, security, **secrets)
            whole = prov.scan_wifi_APs("softap", link, secured)  # channels in groups of 5, one page
            pages = prov.scan_wifi_APs("ble", link, secured)  # all channels, pages of 4
            assert whole == pages and SSID in [entry["ssid"] for entry in whole], whole
            assert [entry["rssi"] for entry in whole] == sorted((entry["rssi"] for entry in whole), reverse=True)
            joins(link, secured)


def scan_past_the_end():
    with device("--sec-ver", "1") as address:
        link, secured = connected(address, 1, pop=POP)
        assert prov.scan_wifi_APs("softap", link, secured)
        refused(lambda: link.send_data("prov-scan", wifi_scan.scan_result_request(secured, 0, 200)))


def wrong_passphrase_then_retry():
    cases = [("netprov-1.2", 2), ("idf-5.5", 2), ("rainmaker", 2), ("netprov-1.2", 1)]
    for profile, security in cases:
        secrets = dict(username="wifiprov", password=POP) if security == 2 else dict(pop=POP)
        options = ("--profile", profile, "--sec-ver", str(security), "--join-ms", "50", "--attempts", "2")
        with device(*options) as address:
            link, secured = connected(address, security, **secrets)
            joins(link, secured, passphrase="not the passphrase", expect="failed")
            assert prov.ctrl_reset(link, secured), profile
            joins(link, secured)


def session_survives_a_new_connection():
    with device("--sec-ver", "1", "--join-ms", "50") as address:
        link, secured = connected(address, 1, pop=POP)
        again = prov.get_transport("softap", address)
        again.set_cookie(link.get_cookie())
        joins(again, secured)


def refusals_keep_the_device_alive():
    with device("--sec-ver", "1") as address:
        refused(lambda: prov.get_transport("softap", address).send_data("prov-config", "\x52\x00"))
        try:
            prov.get_transport("softap", address).send_data("nonsense", "-")
        except RuntimeError as error:
            assert "404" in str(error), error
        connected(address, 1, pop=POP)


def ends_after_connected_was_read():
    with device("--sec-ver", "1", "--join-ms", "50") as address:
        link, secured = connected(address, 1, pop=POP)
        joins(link, secured)
        time.sleep(1.3)
        refused(lambda: prov.get_transport("softap", address))


def provision_command(address, typed=(), passphrases=(), session=None, **options):
    """The program's own `provision` from end to end, but for the address, its 5 s between polls, and the cloud."""
    pause = mock.Mock(sleep=lambda _: time.sleep(0.1), time=time.time)
    with (
        mock.patch.object(program.esp_prov, "get_transport", lambda kind, _, get=prov.get_transport: get(kind, address)),
        mock.patch.object(program, "time", pause),
        mock.patch.object(program, "input", mock.Mock(side_effect=list(typed)), create=True),
        mock.patch.object(program, "getpass", mock.Mock(side_effect=list(passphrases))),
        mock.patch.object(challenge_response, "initiate_challenge_mapping", lambda _: (True, "challenge", "1")),
        mock.patch.object(challenge_response, "verify_challenge_response", lambda *_, **__: True),
    ):
        return program.provision_device("softap", POP, "user-1", "secret", session=session, **options)


def provision_command_with_user_mapping():
    with device("--profile", "rainmaker-old", "--node-id", "node-1") as address:
        assert provision_command(address, ssid=SSID, passphrase=PASSPHRASE) == ("node-1", False)


def provision_command_with_challenge_and_response():
    with device("--profile", "rainmaker", "--node-id", "node-1") as address:
        done = provision_command(address, ssid=SSID, passphrase=PASSPHRASE, session=object())
        assert done == ("node-1", True), done


def provision_command_with_a_scan_and_a_second_try():
    with device("--profile", "rainmaker", "--node-id", "node-1", "--join-ms", "50") as address:
        link, secured = connected(address, 2, username="wifiprov", password=POP)
        names = [entry["ssid"] for entry in prov.scan_wifi_APs("softap", link, secured)]
        typed = ["0", str(names.index(SSID) + 1), "y", "y"]  # scan again, choose, try again, the same network
        passphrases = ["not the passphrase", PASSPHRASE]
        done = provision_command(address, typed, passphrases, session=object())
        assert done == ("node-1", True), done


def provision_command_where_reset_is_refused():
    """Old firmware that has reset itself answers a reset with InternalError, and the program gives up."""
    with device("--profile", "rainmaker-old", "--join-ms", "50") as address:
        done = provision_command(address, ssid=SSID, passphrase="not the passphrase")
        assert done == (None, False, False), done


def round_trips_cost_40_ms():
    """The server answers in small segments under Nagle's algorithm: a plain client pays for it (Linux)."""
    with device("--sec-ver", "1") as address:
        link, secured = connected(address, 1, pop=POP)
        times = []
        for _ in range(30):
            started = time.perf_counter()
            prov.get_wifi_config(link, secured)
            times.append(1000 * (time.perf_counter() - started))
    median = statistics.median(times)
    assert 35 < median < 60, f"{median:.1f} ms"
    return f"{median:.1f} ms"


def esp_protocomm_security_1():
    try:
        from esp_protocomm import security1, session, wifi
    except ImportError:
        return "left out: esp-protocomm is not installed"

    class Http:
        def __init__(self, address):
            self.link = prov.get_transport("softap", address)

        async def send(self, endpoint, data):
            return self.link.send_data(endpoint, data).encode("latin-1")

    async def conversation(address, pop, passphrase):
        link = Http(address)
        secured = await session.establish_session(link, security1.Security1(pop))
        return await wifi.provision_wifi(link, secured, SSID, passphrase, poll_interval=0.05)

    for options, pop in [((), POP), (("--no-pop",), "")]:
        with device("--sec-ver", "1", "--join-ms", "50", *options) as address:
            assert asyncio.run(conversation(address, pop, PASSPHRASE)).describe() == "connected"
    with device("--sec-ver", "1", "--join-ms", "50", "--attempts", "1") as address:
        try:
            asyncio.run(conversation(address, "wrong", PASSPHRASE))
            raise AssertionError("a wrong PoP was taken")
        except security1.SecurityError:
            pass
        status = asyncio.run(conversation(address, POP, "not the passphrase"))
        assert status.describe() == "connection failed: incorrect password"


CASES = [
    version_document,
    security_0,
    security_1_with_pop,
    security_1_without_pop,
    security_1_wrong_pop,
    security_2_counting_iv,
    security_2_static_iv,
    security_2_wrong_password,
    security_2_own_credentials,
    another_scheme_than_the_device,
    lockout,
    every_profile,
    user_mapping,
    challenge_and_response,
    scan,
    scan_past_the_end,
    wrong_passphrase_then_retry,
    session_survives_a_new_connection,
    refusals_keep_the_device_alive,
    ends_after_connected_was_read,
    provision_command_with_user_mapping,
    provision_command_with_challenge_and_response,
    provision_command_with_a_scan_and_a_second_try,
    provision_command_where_reset_is_refused,
    round_trips_cost_40_ms,
    esp_protocomm_security_1,
]


def main():
    global ESPCTL
    if len(sys.argv) > 1:
        ESPCTL = sys.argv[1]
    failed = 0
    for case in CASES:
        talk = io.StringIO()
        try:
            with contextlib.redirect_stdout(talk):
                remark = case()
            print(f"ok      {case.__name__}{f'  ({remark})' if remark else ''}")
        except Exception as error:  # whatever a foreign module raises
            failed += 1
            print(f"FAILED  {case.__name__}: {type(error).__name__}: {error}\n{talk.getvalue()}")
    print(f"{len(CASES) - failed} of {len(CASES)} conversations as on a device")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
