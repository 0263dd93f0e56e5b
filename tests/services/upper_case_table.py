#!/usr/bin/env python3
"""Writes a line for each character that this Python's Unicode has: itself, a tab, its upper case.

    upper_case_table.py FILE

Controls are left out, which have no case and of which one ends the line.
"""

import sys
import unicodedata

LEFT_OUT = ("Cn", "Cs", "Cc", "Zl", "Zp")

with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as table:
    for number in range(0x20, 0x110000):
        character = chr(number)
        if unicodedata.category(character) not in LEFT_OUT:
            table.write(f"{character}\t{character.upper()}\n")
