#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ledger.py [SCHEMA]: uapi/pin/netlink.h and uapi/pin.yaml say the same.

Reads both into one form: commands and attribute sets with name, number, type and
text, the enumerations with their names and numbers, the multicast groups. What a
value's type is, the header says with the first word of its comment. What a request
takes is compared with the policies of driver/netlink.c. With SCHEMA, the kernel's own
for such specifications, the YAML is also validated. Prints differences.
"""
import os
import re
import sys

import yaml

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TYPES = "u32|u64|string|nest|flag|pad|unused"


def comments(text):
    """{enum: (summary, {constant: comment})} of the kernel-doc."""
    found = {}
    for block in re.findall(r"/\*\*\n(.*?)\*/", text, re.S):
        lines = [re.sub(r"^ \* ?", "", line) for line in block.split("\n")]
        head = re.match(r"enum (\w+) - (.*)", lines[0])
        if not head:
            continue
        members, last = {}, None
        for line in lines[1:]:
            member = re.match(r"@(\w+): (.*)", line)
            if member:
                last = member[1]
                members[last] = member[2]
            elif not line.strip():
                last = None
            elif last:
                members[last] += " " + line.strip()
        found[head[1]] = (head[2], members)
    return found


def enums(text):
    """{enum: {constant: number}}."""
    found = {}
    for name, body in re.findall(r"^enum (\w+) \{(.*?)^\};", text, re.S | re.M):
        found[name] = {}
        for constant, value in re.findall(r"(PIN_\w+) = ([^,\n]+)", body):
            shift = re.match(r"1 << (\d+)$", value)
            found[name][constant] = 1 << int(shift[1]) if shift else int(value)
    return found


def dashed(constant, prefix):
    return constant[len(prefix):].lower().replace("_", "-")


def attribute(number, comment):
    """An attribute as both sides tell it."""
    kind, _, doc = comment.partition(", ")
    if not re.fullmatch(TYPES, kind):
        sys.exit(f"ledger.py: no type in: {comment}")
    told = {"number": number, "type": kind, "doc": doc, "enum": None, "of": None,
            "many": "once for each" in doc}
    enum = re.search(r"\benum pin_(nl_a_)?(\w+)", doc)
    if enum:
        told["of" if enum[1] else "enum"] = enum[2].replace("_", "-")
    return told


def from_headers():
    texts = {name: open(f"{TOP}/uapi/pin/{name}.h", encoding="ascii").read()
             for name in ("types", "ioctl", "netlink")}
    numbers, words = enums(texts["netlink"]), comments(texts["netlink"])
    shared = {**enums(texts["types"]), **enums(texts["ioctl"])}
    told = {"sets": {}, "commands": {}, "enums": {}, "groups": {}}
    for enum, constants in numbers.items():
        prefix = enum.upper() + "_"
        for constant, number in constants.items():
            name, comment = dashed(constant, prefix), words[enum][1][constant]
            if enum == "pin_nl_cmd":
                if number:
                    told["commands"][name] = {"number": number, "doc": comment}
                continue
            of = dashed(prefix[:-1], "PIN_NL_A_")
            told["sets"].setdefault(of, {})[name] = attribute(number, comment)
    used = {a["enum"] for s in told["sets"].values() for a in s.values()} - {None}
    for enum in sorted(used):
        values = shared["pin_" + enum.replace("-", "_")]
        prefix = os.path.commonprefix(list(values))
        prefix = prefix[:prefix.rindex("_") + 1]
        told["enums"][enum] = {dashed(c, prefix): n for c, n in values.items()}
    told["groups"] = dict(re.findall(r'#define PIN_NL_(GROUP\w*)\s+"(\w+)"',
                                     texts["netlink"]))
    told["groups"] = sorted(told["groups"].values())
    told["family"] = re.search(r'#define PIN_NL_FAMILY\s+"(\w+)"', texts["netlink"])[1]
    return told


def entries(definition):
    if definition["type"] == "flags":
        return {e: 1 << i for i, e in enumerate(definition["entries"])}
    start = definition.get("value-start", 0)
    return {e: start + i for i, e in enumerate(definition["entries"])}


def from_yaml(spec):
    told = {"sets": {}, "commands": {}, "enums": {}, "family": spec["name"]}
    for which in spec["attribute-sets"]:
        told["sets"][which["name"]] = {
            a["name"]: {"number": a["value"], "type": a["type"],
                        "doc": " ".join(a["doc"].split()), "enum": a.get("enum"),
                        "of": a.get("nested-attributes"),
                        "many": a.get("multi-attr", False)}
            for a in which["attributes"]}
        prefix = "pin-nl-a-" + which["name"] + "-"
        if which["name-prefix"] != prefix:
            sys.exit(f"name-prefix of {which['name']} is not {prefix}")
    for op in spec["operations"]["list"]:
        told["commands"][op["name"]] = {"number": op["value"],
                                        "doc": " ".join(op["doc"].split())}
    told["enums"] = {d["name"]: entries(d) for d in spec["definitions"]}
    told["groups"] = sorted(g["name"] for g in
                            spec.get("mcast-groups", {"list": []})["list"])
    return told


def requests_of_yaml(spec):
    """{set: {attribute: type}} of what requests take."""
    taken = {}
    types = {s["name"]: {a["name"]: a["type"] for a in s["attributes"]}
             for s in spec["attribute-sets"]}
    for op in spec["operations"]["list"]:
        which = op["attribute-set"]
        for way in ("do", "dump"):
            for name in op.get(way, {}).get("request", {}).get("attributes", []):
                taken.setdefault(which, {})[name] = types[which][name]
    return taken


def requests_of_driver():
    with open(f"{TOP}/driver/netlink.c", encoding="ascii") as file:
        text = file.read()
    taken = {}
    for which, body in re.findall(r"nla_policy (\w+)_policy\[\] = \{(.*?)^\};", text,
                                  re.S | re.M):
        prefix = f"PIN_NL_A_{which.upper()}_"
        for constant, kind in re.findall(r"\[(PIN_NL_A_\w+)\] = [^N]*?NLA_(?:POLICY_\w+"
                                         r"\(NLA_)?(\w+)", body):
            taken.setdefault(which, {})[dashed(constant, prefix)] = kind.lower()
    return taken


def differences(one, other, path=""):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            if key not in one or key not in other:
                yield f"{path}/{key}: only in the {'YAML' if key in other else 'header'}"
            else:
                yield from differences(one[key], other[key], f"{path}/{key}")
    elif one != other:
        yield f"{path}: the header has {one!r}, the YAML {other!r}"


def main():
    with open(f"{TOP}/uapi/pin.yaml", encoding="ascii") as file:
        spec = yaml.safe_load(file)
    if len(sys.argv) > 1:
        import jsonschema
        with open(sys.argv[1], encoding="ascii") as file:
            jsonschema.validate(spec, yaml.safe_load(file))
    found = list(differences(from_headers(), from_yaml(spec)))
    found += [f"requests, the driver being the header: {line}" for line in
              differences(requests_of_driver(), requests_of_yaml(spec))]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
