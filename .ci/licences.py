"""Checks the licences and sources of all dependencies against deny.toml, for where cargo-deny cannot be had.

It understands what SPDX expressions have here: names joined by AND, OR, the old "/", WITH and parentheses.
"""

import json
import re
import subprocess
import sys


def allowed_licences():
    text = open("deny.toml", encoding="utf-8").read()
    section = text.split("[licenses]", 1)[1].split("\n[", 1)[0]
    listed = re.search(r"^allow = \[(.*?)\]", section, re.MULTILINE | re.DOTALL).group(1)
    return set(re.findall(r'"([^"]+)"', listed))


def satisfied(expression, allowed):
    """Whether the allowed licences suffice for an expression."""
    tokens = re.findall(r"\(|\)|[A-Za-z0-9.+-]+", expression.replace("/", " OR "))

    def either():
        value = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            value = both() or value
        return value

    def both():
        value = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            value = one() and value
        return value

    def one():
        token = tokens.pop(0)
        if token == "(":
            value = either()
            tokens.pop(0)
            return value
        if tokens and tokens[0] == "WITH":
            token += " WITH " + tokens[1]
            del tokens[:2]
        return token in allowed

    value = either()
    return value and not tokens


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    packages = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    allowed = allowed_licences()
    complaints = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        source = package["source"]
        if source is not None and not source.startswith("registry+"):
            complaints.append(f"{name} comes from {source}")
        if not package["license"]:
            complaints.append(f"{name} names no licence")
        elif not satisfied(package["license"], allowed):
            complaints.append(f"{name} is under {package['license']}, which deny.toml does not allow")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(packages)} packages looked at, {len(complaints)} complaints")
    return 1 if complaints else 0


sys.exit(main())
