"""What `tools/lint layers` finds, and what it lets be."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import layers  # noqa: E402  (found by the path above)

RULES = """
    low        ->
    low/linux  -> low
    high       -> low
"""


class LayersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("ARCHITECTURE.md", RULES)

    def write(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def faults(self, **files):
        for name, text in files.items():
            self.write(name, text)
        return layers.find_faults(self.root, list(files), lambda name: "/linux/" in name)

    def expect_fault(self, text, **files):
        faults = self.faults(**files)
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(text, faults[0])

    def test_what_the_rules_allow_is_no_fault(self):
        self.assertEqual(
            self.faults(**{
                "rpc/src/high/a.cc": '#include "src/high/a.h"\n#include "src/low/b.h"\n',
                "rpc/src/low/linux/c.cc": '#include <unistd.h>\n#include "src/low/b.h"\n',
                "rpc/src/low/b.cc": '#include <sodium.h>\n#include <vector>\n',
            }),
            [],
        )

    def test_an_include_upwards_is_told_with_both_modules(self):
        self.expect_fault(
            "low may not include high", **{"rpc/src/low/b.cc": '#include "src/high/a.h"\n'})

    def test_a_contract_does_not_include_what_fulfils_it(self):
        self.expect_fault(
            "low may not include low/linux", **{"rpc/src/low/b.h": '#include "src/low/linux/c.h"\n'})

    def test_a_module_without_a_rule_is_told(self):
        self.expect_fault("has no rule", **{"rpc/src/new/d.cc": '#include "src/low/b.h"\n'})

    def test_a_cycle_within_a_module_is_told_once_with_its_way(self):
        self.expect_fault(
            "low/a -> low/b -> low/a",
            **{
                "rpc/src/low/a.h": '#include "src/low/b.h"\n',
                "rpc/src/low/b.cc": '#include "src/low/a.h"\n',
            },
        )

    def test_a_header_of_a_system_is_for_files_of_that_system(self):
        self.expect_fault("of one system", **{"rpc/src/low/b.cc": "#include <sys/socket.h>\n"})

    def test_neither_public_headers_nor_programs_include_inner_ones(self):
        for name in ("rpc/include/piperpc/e.h", "tools/f/f.cc", "services/g/g.cc"):
            with self.subTest(name):
                self.expect_fault("inner header", **{name: '#include "src/low/b.h"\n'})

    def test_a_document_without_rules_is_told(self):
        self.write("ARCHITECTURE.md", "nothing\n")
        self.expect_fault("has no rules")


if __name__ == "__main__":
    unittest.main()
