#!/usr/bin/env python3
"""Sums up the steps of tests/run: report.py RESULTS_FOLDER STEP...

Each step left STEP.verdict ("passed" or "failed", and its seconds), and, where it ran tests,
STEP.xml, the JUnit file of ctest. Where one of ctest's is a whole program of GoogleTest's, which left
NAME.results.xml in the step's build folder, its tests count instead. A step without tests counts as
one. Exits with 1 if one failed.
"""

import dataclasses
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

WINDOWS = "windows"  # The step of tests/run whose tests are not Linux's.
BUILD = pathlib.Path(__file__).resolve().parent.parent / "build"
PARAMETER = re.compile(r" +# GetParam\(\).*")  # What ctest appends to the name of such a test.
BACKEND = re.compile(r"/(epoll|io_uring|iocp)\b.*")  # What a test of the behaviour suite runs over.

MOST_LINES = 20  # The last ones of what a test said that failed.


@dataclasses.dataclass
class Step:
    name: str
    seconds: int = 0
    passed: int = 0
    failed: dict = dataclasses.field(default_factory=dict)  # The name of a test: what it said.
    skipped: dict = dataclasses.field(default_factory=dict)  # The name of a test: its reason.
    tests: set = dataclasses.field(default_factory=set)  # The names of those that ran.


def skip_reason(case):
    """What the test said when it was skipped, or else what ctest did."""
    if case.get("status") == "disabled":
        return "disabled"
    output = case.findtext("system-out") or ""
    said = re.search(r": Skipped\n(.+?)\n\s*(?:\n|\[)", output, re.DOTALL)  # GTEST_SKIP()
    if said is None:
        said = re.search(r"skipped=?\s*['\"(](.+?)['\")]", output)  # unittest
    if said is None:
        said = re.search(r"^SKIP:?\s*(.+)$", output, re.MULTILINE)
    if said is not None:
        return " ".join(said.group(1).split())
    return case.find("skipped").get("message")


def is_skip(case):
    """ctest says "notrun" of a skipped test, but also of one whose program is missing."""
    if case.get("status") == "disabled":
        return True
    skipped = case.find("skipped")
    return skipped is not None and skipped.get("message", "").startswith("SKIP_")


def read_program(step, results):
    """Counts the tests of a program by what it wrote. False: it says nothing of a failure."""
    tells = False
    for case in xml.parse(results).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.get("result") == "skipped":
            step.skipped[name] = " ".join((case.find("skipped").get("message") or "").split())
        elif case.get("status") == "run":
            step.tests.add(name)
            failures = "\n".join(failure.text or "" for failure in case.findall("failure"))
            if failures:
                step.failed[name] = failures
                tells = True
            else:
                step.passed += 1
    return tells


def read_case(step, case, programs):
    name = PARAMETER.sub("", case.get("name"))
    if is_skip(case):
        step.skipped[name] = skip_reason(case)
        return
    good = case.get("status") == "run"
    if name in programs:
        if read_program(step, programs[name]) or good:
            return
    step.tests.add(name)
    if good:
        step.passed += 1
    else:
        step.failed[name] = case.findtext("system-out") or ""


def read_step(folder, name):
    verdict, seconds = (folder / f"{name}.verdict").read_text().split()
    step = Step(name, int(seconds))
    programs = {path.name.split(".")[0]: path for path in (BUILD / name).glob("tests/*/*.results.xml")}
    junit = folder / f"{name}.xml"
    for case in xml.parse(junit).getroot().iter("testcase") if junit.exists() else ():
        read_case(step, case, programs)
    if verdict == "failed" and not step.failed:
        step.failed["(the step itself; see its output above)"] = ""
    if verdict == "passed" and not junit.exists():
        step.passed = 1
    return step


def print_table(steps):
    print(f"\n{'step':<10}{'ran':>7}{'passed':>8}{'failed':>8}{'skipped':>9}{'time':>9}")
    for step in steps:
        failed, skipped = len(step.failed), len(step.skipped)
        time = f"{step.seconds // 60}:{step.seconds % 60:02} min"
        row = (step.passed + failed, step.passed, failed, skipped)
        print("{:<10}{:>7}{:>8}{:>8}{:>9}".format(step.name, *row) + f"{time:>10}")


def print_systems(steps):
    """What ran where: each test counts once for a system, in however many builds it ran."""
    windows = set().union(*(step.tests for step in steps if step.name == WINDOWS))
    linux = set().union(*(step.tests for step in steps if step.name != WINDOWS))
    if not windows or not linux:
        return
    print(f"\nTests on Linux: {len(linux)}; on Windows, under Wine: {len(windows)}.")
    linux, windows = ({BACKEND.sub("", test) for test in tests} for tests in (linux, windows))
    print(
        f"The same on both: {len(linux & windows)}; "
        f"on Linux alone: {len(linux - windows)}; on Windows alone: {len(windows - linux)}."
    )


def print_details(steps):
    reasons = {}
    for step in steps:
        for test, reason in step.skipped.items():
            reasons.setdefault((test, reason), []).append(step.name)
    if reasons:
        print("\nSkipped:")
    for (test, reason), names in sorted(reasons.items()):
        print(f"  {test} ({', '.join(names)}): {reason}")
    if any(step.failed for step in steps):
        print("\nFailed:")
    for step in steps:
        for test, output in step.failed.items():
            print(f"  {step.name}: {test}")
            for line in output.splitlines()[-MOST_LINES:]:
                print(f"    {line}")


def main():
    folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    steps = [read_step(folder, name) for name in names]
    print_table(steps)
    print_systems(steps)
    print_details(steps)
    passed = sum(step.passed for step in steps)
    failed = sum(len(step.failed) for step in steps)
    skipped = sum(len(step.skipped) for step in steps)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
