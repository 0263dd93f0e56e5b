"""Which file may include which: the rules of ARCHITECTURE.md, "Which module may include which"."""

import pathlib
import re

ARCHITECTURE = "ARCHITECTURE.md"
RULE = re.compile(r"^    (\S+) +-> ?(.*)$", re.MULTILINE)
INCLUDE = re.compile(r'^#include ([<"])([^>"]+)[>"]', re.MULTILINE)
RUNTIME = "rpc/src/"
PUBLIC = "rpc/include/piperpc/"
USERS = ("services/", "examples/", "tools/")

# Headers with names like those of a system, of libraries that are the same on all.
LIBRARIES = re.compile(r"(gtest|gmock|benchmark|google|absl|unicode)/|(sqlite3|sodium)\.h$")


def read_rules(root):
    """Each module, and the modules that it may include."""
    text = (pathlib.Path(root) / ARCHITECTURE).read_text()
    return {name: set(re.findall(r"[\w/]+", below)) for name, below in RULE.findall(text)}


def module_of(path, rules):
    """The longest rule that the folder of `path`, below rpc/src, stands under; None: there is none."""
    folder = path.rpartition("/")[0]
    while folder and folder not in rules:
        folder = folder.rpartition("/")[0]
    return folder or None


def is_system_header(bracket, name):
    return bracket == "<" and name.endswith(".h") and not LIBRARIES.match(name)


class Layers:
    """Reads files one after the other, and then has `faults`, a line for each."""

    def __init__(self, root, is_of_one_system):
        self.root = pathlib.Path(root)
        self.rules = read_rules(root)
        self.is_of_one_system = is_of_one_system
        self.faults = [] if self.rules else [f"{ARCHITECTURE}: has no rules of the form 'a -> b'"]
        self.parts = {}  # Each, and those of its module that it includes.

    def read(self, name):
        for bracket, included in INCLUDE.findall((self.root / name).read_text()):
            if is_system_header(bracket, included) and not self.is_of_one_system(name):
                self.fault(name, included, "a header of one system; move it to a file of that system")
            if not included.startswith("src/"):
                continue
            if name.startswith((PUBLIC, *USERS)):
                self.fault(name, included, "an inner header of the runtime; include a public one")
            elif name.startswith(RUNTIME):
                self.read_inner(name, included.removeprefix("src/"))

    def read_inner(self, name, included):
        own, other = (module_of(path, self.rules) for path in (name.removeprefix(RUNTIME), included))
        if own is None or other is None:
            self.fault(name, included, f"of a module that {ARCHITECTURE} has no rule for")
        elif own != other and other not in self.rules[own]:
            self.fault(name, included, f"{own} may not include {other}")
        elif own == other:
            part = name.removeprefix(RUNTIME).rpartition(".")[0]
            self.parts.setdefault(part, set()).add(included.rpartition(".")[0])

    def fault(self, name, included, why):
        self.faults.append(f"{name}: includes {included}: {why}")

    def find_cycles(self):
        """A part is a header with its source: x.h and x.cc."""
        done = set()

        def visit(part, way):
            if part in way:
                self.faults.append("a cycle of includes: " + " -> ".join([*way[way.index(part):], part]))
            if part in way or part in done:
                return
            for below in sorted(self.parts.get(part, set()) - {part}):
                visit(below, [*way, part])
            done.add(part)

        for part in sorted(self.parts):
            visit(part, [])


def find_faults(root, names, is_of_one_system):
    layers = Layers(root, is_of_one_system)
    for name in names:
        layers.read(name)
    layers.find_cycles()
    return layers.faults
