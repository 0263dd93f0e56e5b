#!/usr/bin/env python3
"""Looks at what libraries show to those that link or load them.

    symbols.py --static LIBRARY --shared LIBRARY   a shared library shows nothing but names of piperpc
                                                   that are not of its modules, and all of those that
                                                   the static one has for public headers
               [--kit LIBRARY]                     of the modules, it may show the classes and functions
                                                   that this library uses
    symbols.py --plugin LIBRARY                    a plug-in shows nothing of the runtime that it has

Both may be given several times. Ends with 1, and says what is wrong, where something is.
"""

import argparse
import pathlib
import re
import subprocess
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "rpc" / "src"
MODULES = "|".join(folder.name for folder in SOURCES.iterdir() if folder.is_dir())  # Their namespaces.
OWN = re.compile(r"^((typeinfo|typeinfo name|vtable) for )?piperpc::")
OF_A_MODULE = re.compile(rf"^((typeinfo|typeinfo name|vtable) for )?piperpc::({MODULES})::")
# A function with a name of its own: no template, whose name begins with its type, and no part of one.
FUNCTION = re.compile(r"^piperpc::[\w:~]+\(")
# Declared in sources: the runtime's parts say these to each other.
IN_SOURCES = re.compile(r"^piperpc::(IoThread|internal::\(anonymous)|\(anonymous namespace\)")


def symbols(library, *options):
    """(kind, name) of each symbol that is defined."""
    listed = subprocess.run(
        ["nm", "--demangle", "--defined-only", *options, library],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    words = (line.split(None, 2) for line in listed.splitlines())
    return {(line[1], line[2]) for line in words if len(line) == 3}


def shown(library):
    return symbols(library, "--dynamic")


def owner(name):
    """The class or function of a module that this symbol is, or is of."""
    match = OF_A_MODULE.match(name)
    return match and re.match(r"\w+", name[match.end():])[0]


def owners_used(library):
    """Those of the modules that the library needs of others."""
    listed = subprocess.run(
        ["nm", "--demangle", "--undefined-only", library],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    return {owner(line.split(None, 1)[1]) for line in listed.splitlines() if line.startswith(" ")}


def faults_of_shared(library, used_by_kit):
    for _, name in sorted(shown(library)):
        if not OWN.match(name):
            yield f"{library} shows {name}, which is not of piperpc"
        elif OF_A_MODULE.match(name) and owner(name) not in used_by_kit:
            yield f"{library} shows {name}, which is of a module"


def missing(static, shared):
    """What public headers declare, and those who link the shared libraries do not find."""
    there = {name for library in shared for _, name in shown(library)}
    for library in static:
        for kind, name in sorted(symbols(library)):
            public = FUNCTION.match(name) and not OF_A_MODULE.match(name)
            if kind == "T" and public and not IN_SOURCES.search(name) and name not in there:
                yield f"no shared library shows {name}; is it without PIPERPC_EXPORT?"


def faults_of_plugin(library):
    for kind, name in sorted(shown(library)):
        if kind == "T" and OWN.match(name):
            yield f"{library} shows {name}, which is the runtime's"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("static", "shared", "kit", "plugin"):
        parser.add_argument(f"--{option}", action="append", default=[], metavar="LIBRARY")
    arguments = parser.parse_args()

    used_by_kit = set().union(*map(owners_used, arguments.kit))
    faults = [fault for library in arguments.shared for fault in faults_of_shared(library, used_by_kit)]
    faults += missing(arguments.static, arguments.shared)
    faults += [fault for library in arguments.plugin for fault in faults_of_plugin(library)]
    print(*faults, sep="\n", end="\n" if faults else "")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
