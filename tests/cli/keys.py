#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""keys.py SHELL SCRIPT: completes command lines in a real interactive shell.

Reads lines of keys from stdin ("pinctl ch\\t self", with \\t for the tab key), types
each into SHELL on a terminal after SCRIPT has been loaded, and prints the arguments
that the shell then passes to pinctl, one line for each.
"""
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time

LIMIT = 60  # seconds for one answer: only a shell that hangs takes that long
START = {
    "bash": "PS1='READY> '; bind 'set bell-style none'; source {script}\n"
            "pinctl() {{ printf 'ARGS<%s>\\n' \"$*\"; }}\n",
    "zsh": "PS1='READY> '; fpath=({dir}/functions $fpath)\n"
           "autoload -U compinit; compinit -u -d {dir}/dump; setopt no_beep\n"
           "pinctl() {{ print -r -- \"ARGS<$*>\" }}\n",
    "fish": "function fish_prompt; echo -n 'READY> '; end\nsource {script}\n"
            "function pinctl; echo \"ARGS<$argv>\"; end\n",
}


def spawn(shell, directory, start):
    if shell == "bash":
        command = ["bash", "--noprofile", "--rcfile", start, "-i"]
    elif shell == "zsh":
        command = ["zsh", "-d", "-i"]
    else:
        command = ["fish", "-N", "-i", "-C", "source " + start]
    pid, fd = pty.fork()
    if not pid:
        os.environ.update(HOME=directory, ZDOTDIR=directory, TERM="dumb",
                          XDG_CONFIG_HOME=directory, XDG_DATA_HOME=directory)
        os.execvp(command[0], command)
    return fd


def wait_for(fd, pattern, seen):
    deadline = time.monotonic() + LIMIT
    while not (match := re.search(pattern, seen)):
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            sys.exit(f"keys.py: no {pattern!r} in {seen!r}")
        try:
            seen += os.read(fd, 65536).decode(errors="replace")
        except OSError:
            sys.exit(f"keys.py: the shell has ended: {seen!r}")
    return match, seen[match.end():]


def main():
    shell, script = sys.argv[1:]
    directory = tempfile.mkdtemp()
    os.mkdir(directory + "/functions")
    shutil.copy(script, directory + "/functions/_pinctl")
    start = directory + ("/.zshrc" if shell == "zsh" else "/start")
    with open(start, "w", encoding="utf-8") as file:
        file.write(START[shell].format(script=os.path.abspath(script), dir=directory))
    try:
        fd = spawn(shell, directory, start)
        seen = ""
        for line in sys.stdin:
            _, seen = wait_for(fd, "READY> ", seen)
            os.write(fd, line.rstrip("\n").replace("\\t", "\t").encode() + b"\r")
            match, seen = wait_for(fd, r"\nARGS<(.*)>", seen.replace("\r", ""))
            print(match[1].replace("\r", ""))
        os.write(fd, b"exit\r")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


main()
