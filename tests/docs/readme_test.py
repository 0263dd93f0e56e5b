#!/usr/bin/env python3
"""Holds the documents to the tree.

Code in WITH_CODE is code that is compiled elsewhere. A block stands behind a comment that names its
file, `<!-- file: examples/greeter/server.cc -->`, and is that file as a whole;
`<!-- part of: FILE -->` makes it a run of lines of the file, indented as one likes.
"""

import pathlib
import re
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [
    document
    for pattern in ("*.md", "docs/*.md", "rpc/*.md", "tools/*/*.md", "examples/*/*.md")
    for document in sorted(ROOT.glob(pattern))
]
WITH_CODE = ["README.md"] + sorted(f"docs/{document.name}" for document in ROOT.glob("docs/*.md"))
LANGUAGES_TO_CHECK = ("cpp", "proto", "cmake", "make", "ini")

BLOCK = re.compile(
    r"(?:<!-- (?P<how>file|part of): (?P<path>\S+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def blocks():
    return [
        block
        for document in WITH_CODE
        for block in BLOCK.finditer((ROOT / document).read_text(encoding="utf-8"))
    ]


def without_indent(text):
    return textwrap.dedent(text).strip("\n")


def has_part(whole, part):
    """True when consecutive lines of `whole` are `part`, at whatever depth."""
    lines, size = whole.splitlines(), len(part.splitlines())
    runs = ("\n".join(lines[i : i + size]) for i in range(len(lines) - size + 1))
    return any(without_indent(run) == part for run in runs)


class ReadmeTest(unittest.TestCase):

    def test_every_block_of_code_names_its_file(self):
        for block in blocks():
            if block["language"] in LANGUAGES_TO_CHECK:
                self.assertIsNotNone(block["path"], block["text"])

    def test_blocks_are_what_the_files_say(self):
        named = [block for block in blocks() if block["path"]]
        self.assertTrue(named)
        for block in named:
            with self.subTest(file=block["path"]):
                whole = (ROOT / block["path"]).read_text(encoding="utf-8")
                if block["how"] == "file":
                    self.assertEqual(block["text"], whole)
                else:
                    self.assertTrue(has_part(whole, without_indent(block["text"])), block["text"])

    def test_links_lead_to_files(self):
        for document in DOCUMENTS:
            text = CODE.sub("", document.read_text(encoding="utf-8"))
            for target in LINK.findall(text):
                with self.subTest(document=document, target=target):
                    self.assertTrue((document.parent / target).exists())


if __name__ == "__main__":
    unittest.main()
