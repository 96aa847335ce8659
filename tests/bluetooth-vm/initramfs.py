"""Makes the guest's initramfs: busybox, an init, and kernel modules with what they depend on, in loading order.

    initramfs.py --modules FOLDER --busybox FILE --init FILE --out FILE MODULE...

It needs neither cpio nor depmod. What the init does is in the file of that name.
"""

import argparse
import lzma
import pathlib
import re
import sys

FOLDERS = ("bin", "modules", "proc", "sys", "dev", "host", "layer", "root")


def read_module(file: pathlib.Path) -> bytes:
    data = file.read_bytes()
    return lzma.decompress(data) if file.suffix == ".xz" else data


def dependencies(module: bytes) -> list[str]:
    found = re.search(rb"\0depends=([^\0]*)\0", b"\0" + module)
    return [name for name in found[1].decode().split(",") if name] if found else []


def in_order(files: dict[str, pathlib.Path], wanted: list[str]) -> dict[str, bytes]:
    """The wanted modules, each after those it depends on."""
    order: dict[str, bytes] = {}

    def visit(name: str) -> None:
        name = name.replace("-", "_")
        if name in order:
            return
        if name not in files:
            print(f"no module {name}; built in, it is hoped", file=sys.stderr)
            return
        module = read_module(files[name])
        for dependency in dependencies(module):
            visit(dependency)
        order[name] = module

    for name in wanted:
        visit(name)
    return order


class Archive:
    """The kernel's "newc" format."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.inodes = 0

    def add(self, name: str, mode: int, content: bytes = b"") -> None:
        self.inodes += 1
        numbers = [self.inodes, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        self.data += b"070701" + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
        self.pad()
        self.data += content
        self.pad()

    def pad(self) -> None:
        self.data += b"\0" * (-len(self.data) % 4)


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--modules", "--busybox", "--init", "--out"):
        parser.add_argument(option, required=True, type=pathlib.Path)
    parser.add_argument("names", nargs="+", metavar="MODULE")
    arguments = parser.parse_args()
    files = {
        file.name.split(".")[0].replace("-", "_"): file
        for pattern in ("*.ko", "*.ko.xz")
        for file in arguments.modules.rglob(pattern)
    }
    archive = Archive()
    for folder in FOLDERS:
        archive.add(folder, 0o40755)
    archive.add("bin/busybox", 0o100755, arguments.busybox.read_bytes())
    archive.add("init", 0o100755, arguments.init.read_bytes())
    for index, (name, module) in enumerate(in_order(files, arguments.names).items()):
        archive.add(f"modules/{index:02}-{name}.ko", 0o100644, module)
    archive.add("TRAILER!!!", 0)
    arguments.out.write_bytes(archive.data)


if __name__ == "__main__":
    main()
