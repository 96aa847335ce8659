"""Runs the scenarios of table.py in the guest and judges them; one line each goes to --results.

    scenarios.py --espctl PATH --results FILE --stage FILE [--repeat N] [SCENARIO...]

The stage is where the host is told which devices to make (devices.py). What espctl says goes to standard output, for
the log. The last line of the results is `verdict: passed` or
`verdict: failed`; without it the guest did not get that far.
"""

import argparse
import asyncio
import json
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import TextIO

import checks
import table
from bluez import Bluez, Error

# Seconds that bluetoothd has to put things in order behind a program that ended.
TIDY = 6.0
# Seconds until a simulated peripheral is ready, and until one that was interrupted has ended.
READY = 20.0
# The adapter that espctl uses, and seconds that it is off where a run wants that.
FIRST = "/org/bluez/hci0"
OFF = 1.0


class Failed(Exception):
    """A scenario did not go as it should."""


async def start(espctl: str, words: tuple[str, ...]) -> Process:
    # No display, no colours, no settings of the host's.
    environment = {"PATH": os.environ["PATH"], "HOME": "/root", "RUST_BACKTRACE": "1"}
    return await asyncio.create_subprocess_exec(
        espctl, "--json", *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment
    )


def log(who: str, text: str) -> None:
    for line in text.splitlines():
        print(f"[{time.monotonic():7.2f}] {who}: {line}", flush=True)


async def off_and_on(bluez: Bluez) -> None:
    """The first adapter is off for a while."""
    await bluez.switch(FIRST, False)
    await asyncio.sleep(OFF)
    await bluez.switch(FIRST, True)


async def listen(process: Process, who: str, bluez: Bluez | None = None, run: table.Run | None = None) -> bool:
    """Copies standard error to the log, and does what a run wants done where it says something; whether it panicked."""
    assert process.stderr
    panicked = False
    switching = None
    async for line in process.stderr:
        text = line.decode(errors="replace")
        log(who, text)
        panicked = panicked or "panicked at" in text
        if run and run.interrupt_at and run.interrupt_at in text:
            process.send_signal(signal.SIGINT)
        if run and run.kill_at and run.kill_at in text:
            process.kill()
        if run and bluez and not switching and run.switch_off_at and run.switch_off_at in text:
            switching = asyncio.create_task(off_and_on(bluez))
    if switching:
        await switching
    return panicked


async def run(bluez: Bluez, espctl: str, run: table.Run, who: str) -> None:
    """One run of espctl, judged by its exit status and its document."""
    process = await start(espctl, run.words)
    try:
        listener = asyncio.create_task(listen(process, who, bluez, run))
        assert process.stdout
        output = (await process.stdout.read()).decode(errors="replace")
        log(f"{who} >", output)
        status = await process.wait()
        panicked = await listener
    finally:
        if process.returncode is None:
            process.kill()
    document = {} if run.kill_at else read_document(output)
    if status != run.status:
        raise Failed(f"exit status {status}, not {run.status} ({member(document, 'error.code')})")
    for path, wanted in run.members.items():
        if member(document, path) != wanted:
            raise Failed(f"{path} is {member(document, path)!r}, not {wanted!r}")
    if panicked:
        raise Failed("a panic was shown")


def read_document(output: str) -> object:
    try:
        return json.loads(output)
    except ValueError:
        raise Failed(f"standard output is not one document: {output[:80]!r}") from None


def member(document: object, path: str) -> object:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


class Beside:
    """An espctl that is a peripheral while the scenario runs."""

    def __init__(self, espctl: str, words: tuple[str, ...]) -> None:
        self.espctl = espctl
        self.words = words

    async def __aenter__(self) -> None:
        if self.words:
            self.process = await start(self.espctl, self.words)
            self.listener = asyncio.create_task(listen(self.process, "peripheral"))
            assert self.process.stdout
            try:
                line = (await asyncio.wait_for(self.process.stdout.readline(), READY)).decode()
                log("peripheral >", line)
                if member(read_document(line), "outcome") != "ready":
                    raise Failed("the peripheral did not get ready")
            except BaseException:
                await self.__aexit__()
                raise

    async def __aexit__(self, *_: object) -> None:
        if self.words:
            if self.process.returncode is None:
                self.process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(self.process.wait(), READY)
            except TimeoutError:
                self.process.kill()
                raise Failed("the peripheral does not end") from None
            await self.listener


class Stage:
    """The host, which makes the devices."""

    def __init__(self, file: str) -> None:
        self.file = open(file, "r+b", buffering=0)  # noqa: SIM115 (as long as the program)

    async def enter(self, name: str) -> None:
        """Has the devices of a scenario made, or taken away where the name is empty."""
        self.file.write(f"{name}\n".encode())
        answer = await asyncio.wait_for(asyncio.to_thread(self.file.readline), READY)
        if answer != b"ready\n":
            raise Failed(f"the host does not make the devices: {answer!r}")


async def tidy(bluez: Bluez) -> None:
    """Waits until nothing is left of a scenario; what stays is its failure, and is taken away for the next one."""
    end = time.monotonic() + TIDY
    while left := await bluez.leftovers():
        if time.monotonic() > end:
            await bluez.hang_up()
            raise Failed(f"left behind: {', '.join(left)}")
        await asyncio.sleep(0.2)


async def perform(bluez: Bluez, stage: Stage, espctl: str, scenario: table.Scenario) -> None:
    await stage.enter(scenario.name)
    async with asyncio.timeout(scenario.limit), Beside(espctl, scenario.beside):
        if scenario.check:
            await checks.CHECKS[scenario.check](bluez)
        if scenario.pattern:
            await bluez.scan_for(FIRST, scenario.pattern)
        runs = (run(bluez, espctl, one, f"{scenario.name} {number}") for number, one in enumerate(scenario.runs, 1))
        results = await asyncio.gather(*runs, return_exceptions=True)
        failures = [failure for failure in results if failure]
        if scenario.pattern:
            await bluez.stop(FIRST)
        if len(failures) > 1:
            raise Failed("; ".join(map(str, failures)))
        if failures:
            raise failures[0]
        for number, one in enumerate(scenario.then, 1 + len(scenario.runs)):
            await run(bluez, espctl, one, f"{scenario.name} {number}")


async def judge(bluez: Bluez, stage: Stage, espctl: str, scenario: table.Scenario) -> str:
    """Runs a scenario; what was wrong with it, or nothing."""
    complaints = []
    for step in (perform(bluez, stage, espctl, scenario), tidy(bluez), stage.enter("")):
        try:
            await step
        except TimeoutError:
            complaints.append(f"not done within {scenario.limit:.0f} s")
        except (Failed, Error, OSError) as error:
            complaints.append(str(error) or type(error).__name__)
    return "; ".join(complaints)


async def run_all(stage: Stage, espctl: str, scenarios: list[table.Scenario], repeat: int, results: TextIO) -> None:
    def tell(line: str) -> None:
        results.write(f"{line}\n")
        results.flush()
        log("==", line)

    bluez = await Bluez.connect()
    await checks.adapters(bluez)
    failed = 0
    for turn in range(repeat):
        for scenario in scenarios:
            name = scenario.name if repeat == 1 else f"{scenario.name} {turn + 1}"
            log("==", name)
            began = time.monotonic()
            complaint = await judge(bluez, stage, espctl, scenario)
            failed += bool(complaint)
            verdict = f"FAILED: {complaint}" if complaint else "ok"
            tell(f"{name:24} {time.monotonic() - began:5.1f} s  {verdict}")
    count = repeat * len(scenarios)
    tell(f"{count - failed} of {count} scenarios passed, {time.monotonic():.0f} s after the guest began")
    tell(f"verdict: {'failed' if failed else 'passed'}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs the scenarios in the guest.")
    parser.add_argument("--espctl", required=True)
    parser.add_argument("--results", required=True, type=argparse.FileType("w"))
    parser.add_argument("--stage", required=True)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("scenarios", nargs="*")
    arguments = parser.parse_args()
    scenarios = table.chosen(arguments.scenarios)
    asyncio.run(run_all(Stage(arguments.stage), arguments.espctl, scenarios, arguments.repeat, arguments.results))


if __name__ == "__main__":
    main()
