#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""schema.py SCHEMA DIRECTORY: validates every document in DIRECTORY.

A member that the schema does not know is an error here, so that it cannot lag behind;
users of the schema may meet new members. Prints what is wrong, and how many documents
of each kind there were; fails if anything was, or a kind was missing of those named in
the environment variable KINDS.
"""
import collections
import json
import os
import pathlib
import sys

import jsonschema


def close(schema):
    """Lets no object have members that are not listed."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            schema["additionalProperties"] = False
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    close(schema)
    seen = collections.Counter()
    failed = 0
    validators = {}
    for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
        document = json.loads(path.read_text(encoding="utf-8"))
        kind = document["schema"].removeprefix("pinctl.").removesuffix("/1")
        seen[kind] += 1
        if kind not in validators:
            validators[kind] = jsonschema.Draft202012Validator(
                {"$ref": "#/$defs/" + kind, "$defs": schema["$defs"]})
        error = jsonschema.exceptions.best_match(validators[kind].iter_errors(document))
        if error:
            failed += 1
            print(f"{path.name}: {kind}: {error.json_path}: {error.message}"[:400])
    print("documents:", ", ".join(f"{kind} {count}" for kind, count in sorted(seen.items())))
    missing = set(os.environ.get("KINDS", "").split()) - set(seen)
    if missing:
        print("no document of", *sorted(missing))
    sys.exit(bool(failed or missing))


main()
