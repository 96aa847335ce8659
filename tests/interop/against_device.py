"""`espctl` against device.py: each security scheme, a scan, and what goes wrong, judged by exit status and JSON.

By hand, not by `cargo test`: README.md beside this file says how.
"""

import contextlib
import json
import pathlib
import subprocess
import sys

ESPCTL = sys.argv[1] if len(sys.argv) > 1 else "espctl"
DEVICE = pathlib.Path(__file__).with_name("device.py")
HOME = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery"]


@contextlib.contextmanager
def device(*options):
    command = [sys.executable, str(DEVICE), "--port", "0", "--join", "0.2", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield "softap:" + process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def espctl(command, address, *options):
    words = [ESPCTL, command, "--device", address, "--json", "--no-input", *options]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout)


def check(name, holds, seen):
    print(f"{'ok    ' if holds else 'FAILED'}  {name}" + ("" if holds else f": {seen}"))
    return holds


def main():
    results = []
    schemes = [
        ("security 0", ["--security", "0"]),
        ("security 1", ["--security", "1"]),
        ("security 1 without PoP", ["--security", "1", "--pop", ""]),
        ("security 2, counting IV", ["--security", "2", "--patch", "1"]),
        ("security 2, static IV", ["--security", "2", "--patch", "0"]),
    ]
    for name, options in schemes:
        for command, more in [("info", []), ("scan", ["--pop", "abcd1234"]), ("provision", ["--pop", "abcd1234", *HOME])]:
            with device(*options) as address:
                status, seen = espctl(command, address, *more)
            holds = status == 0
            if command == "scan":
                holds = holds and [n["ssid"] for n in seen["networks"]] == ["HomeNet", "Café ☕", "Guests"]
            if command == "provision":
                holds = holds and seen["outcome"] == "online" and seen["network"]["ip"] == "192.168.1.77"
            results.append(check(f"{name}: {command}", holds, seen))

    wrong = [
        ("wrong PoP", ["--security", "1"], ["--pop", "wrong", *HOME]),
        ("wrong password", ["--security", "2"], ["--pop", "wrong", *HOME]),
        ("wrong user name", ["--security", "2"], ["--pop", "abcd1234", "--sec2-username", "other", *HOME]),
        ("another scheme", ["--security", "2"], ["--pop", "abcd1234", "--sec-ver", "1", *HOME]),
        ("wrong passphrase", [], ["--pop", "abcd1234", "--ssid", "HomeNet", "--passphrase", "not the passphrase"]),
        ("no such network", [], ["--pop", "abcd1234", "--ssid", "Elsewhere", "--passphrase", "not the passphrase"]),
    ]
    for name, options, more in wrong:
        with device(*options) as address:
            status, seen = espctl("provision", address, *more)
        code = seen.get("error", {}).get("code")
        results.append(check(f"{name}: exit status {status}, {code}", status != 0 and code, seen))
    print(f"{sum(map(bool, results))} of {len(results)} as they should be")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
