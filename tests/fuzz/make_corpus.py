#!/usr/bin/env python3
"""Writes the inputs that the fuzzers begin with, in tests/fuzz/corpus: a folder for each fuzzer.

    tests/fuzz/make_corpus.py

What was found later is in these folders, too, and stays.
"""

import pathlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number_field(number, value):
    return varint(number << 3) + varint(value)


def bytes_field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def frame(kind, payload=b"", *fields):
    header = number_field(1, kind) + b"".join(fields)
    return len(header).to_bytes(4, "little") + header + len(payload).to_bytes(4, "little") + payload


HELLO = (
    b"\x0dPRPC" + number_field(2, 1) + number_field(3, 1) + number_field(4, 131072)
    + number_field(5, 4194304) + number_field(6, 100) + number_field(7, 8192)
    + number_field(8, 262144) + bytes_field(9, b"example/1")
)
STATUS = (
    number_field(1, 5) + bytes_field(2, b"no such thing")
    + bytes_field(3, bytes_field(1, b"type.googleapis.com/a.v1.Detail") + bytes_field(2, b"x"))
)
METADATA = bytes_field(6, bytes_field(1, b"key") + bytes_field(2, b"value"))
GOAWAY = bytes_field(1, STATUS) + number_field(2, 7)
CALL = number_field(2, 1)

FRAMES = {
    "first_packet": frame(1, HELLO)
    + frame(2, b"\x0a\x02hi", CALL, number_field(3, 2), bytes_field(4, b"upper.v1.UpperService/Uppercase"),
            number_field(5, 1000000), METADATA),
    "response": frame(5, b"reply", CALL, METADATA, bytes_field(7, STATUS)),
    "split_message": frame(3, b"half", CALL, number_field(3, 1), number_field(9, 8))
    + frame(3, b"half", CALL),
    "stream": frame(7, b"", CALL, number_field(8, 65536)) + frame(4, b"", CALL) + frame(6, b"", CALL),
    "control": frame(8, b"ping") + frame(9, b"ping") + frame(10, GOAWAY),
    "hello": HELLO,
    "goaway": GOAWAY,
    "status": STATUS,
    "metadata": METADATA,
}

# --- Steps of server_fuzzer.cc. Its methods are in server_world.h. ---

SEND, SEND_HELLO, RUN, RUN_ONCE, READ, HANG_UP, SHUT_DOWN = b"\x02", b"\x03", b"\x07", b"\x08", b"\x09", b"\x0c", b"\x0f"
UNARY, DOWN, UP, BOTH, LATE, FLOOD, UNREAD, THROW, MISSING, OTHER = range(10)
OPEN_DOOR = b"\x0e\x01"
GREETED = SEND_HELLO + SEND + RUN


def text(value):
    return bytes([len(value)]) + value


def call(method, payload=b"request"):
    return bytes([5, 0, method]) + text(payload)


def stream(method):
    return bytes([5, 1, method])


def message(payload=b"message"):
    return b"\x06\x00\x03" + text(payload)


HALF_CLOSE, CANCEL = b"\x06\x00\x00", b"\x06\x00\x01"
LARGE = b"\x06\x00\x03\xf0"  # A message of many bytes.


def advance(microseconds_power):
    return bytes([10, 144 + microseconds_power])


def other_client(index):
    return bytes([11, index])


SERVER = {
    "unary": SEND_HELLO + call(UNARY) + SEND + RUN + READ,
    "server_streaming": GREETED + call(DOWN) + SEND + RUN + READ,
    "client_streaming": GREETED + stream(UP) + message() + message() + HALF_CLOSE + SEND + RUN,
    "bidirectional": GREETED + stream(BOTH) + message() + SEND + RUN + READ + message() + SEND + RUN + HALF_CLOSE + SEND + RUN,
    "catch_all": GREETED + call(OTHER) + SEND + RUN + stream(OTHER) + message() + HALF_CLOSE + SEND + RUN,
    "refused": GREETED + call(MISSING) + call(THROW) + stream(UNARY) + SEND + RUN,
    "flood": GREETED + call(FLOOD) + SEND + RUN + READ + RUN + b"\x06\x00\x02\xa4" + SEND + RUN + CANCEL + SEND + RUN,
    "late": GREETED + call(LATE) + SEND + RUN + CANCEL + SEND + RUN + OPEN_DOOR + RUN,
    "unread": GREETED + stream(UNREAD) + LARGE * 2 + SEND + RUN + OPEN_DOOR + RUN + READ,
    "time": GREETED + call(LATE) + SEND + RUN + advance(20) + RUN + other_client(1) + SEND + RUN + advance(30) + RUN,
    "hang_up": GREETED + stream(BOTH) + message() + SEND + RUN_ONCE + HANG_UP + RUN,
    "shutdown": GREETED + stream(BOTH) + call(LATE) + SEND + RUN + SHUT_DOWN + RUN + SHUT_DOWN + RUN + SHUT_DOWN + RUN,
    "two_clients": GREETED + stream(UP) + SEND + other_client(1) + GREETED + call(UNARY) + SEND + RUN + READ,
    "raw": GREETED + b"\x04" + text(frame(8, b"ping")) + SEND + RUN + READ,
}

# --- Steps of client_fuzzer.cc. ---

IDLE, S_READ, S_HANG_UP, CLOSE = b"\x0f", b"\x08", b"\x0c", b"\x19"
PLAIN = b"\x00\x00"  # No options, the usual method.


def start(kind, payload=None, connected=False):
    greeting = b"" if connected else SEND_HELLO + SEND
    return bytes([17 + kind]) + greeting + PLAIN + (text(payload) if payload is not None else b"") + IDLE + S_READ


def respond(payload=b"reply"):
    return b"\x05\x01" + text(payload) + SEND + IDLE


def send_message(payload=b"message"):
    return b"\x06\x01" + text(payload) + SEND + IDLE


def write(payload=b"request"):
    return b"\x15\x00" + text(payload) + IDLE


WRITES_DONE, DROP, CANCEL_CALL = b"\x16\x00", b"\x17\x00", b"\x0b\x00\x01"

CLIENT = {
    "unary": start(0, b"request") + respond(),
    "server_streaming": start(1, b"request") + send_message() + send_message() + respond(b""),
    "client_streaming": start(2) + write() + write() + WRITES_DONE + respond(),
    "bidirectional": start(3) + write() + send_message() + WRITES_DONE + respond(b""),
    "blocking": b"\x18" + PLAIN + text(b"request") + SEND_HELLO + SEND + S_READ + b"\x05\x01" + text(b"reply") + SEND,
    "cancel": start(1, b"request") + CANCEL_CALL + IDLE + respond(b""),
    "drop": start(2) + DROP + IDLE + respond(),
    "hang_up": start(0, b"request") + start(3, connected=True) + S_HANG_UP + IDLE,
    "close": start(0, b"request") + CLOSE + IDLE,
    "time": start(1, b"request") + b"\x0a\xb4" + IDLE,
    "goaway": start(0, b"request") + b"\x00\x0a\x00\x00\x00\x00" + SEND + IDLE,
}

# --- generator_fuzzer.cc: 0 and what FileMaker reads, or 1 and a request of protoc. ---

def string_field(number, value):
    return bytes_field(number, value.encode())


METHOD = string_field(1, "Echo") + string_field(2, ".a.v1.A") + string_field(3, ".a.v1.A")
FILE = (
    string_field(1, "a/v1/a.proto") + string_field(2, "a.v1") + bytes_field(4, string_field(1, "A"))
    + bytes_field(6, string_field(1, "AService") + bytes_field(2, METHOD + number_field(5, 1)))
    + string_field(12, "proto3")
)
FIRST_FILE, NEXT_FILE = b"\x04\x01\x18\x00", b"\x04\x01"  # The next one imports the one before.

GENERATOR = {
    "request": b"\x01" + string_field(1, "a/v1/a.proto") + bytes_field(15, FILE),
    "clashes": b"\x00\x00" + FIRST_FILE + b"\x02\x00\x00\x03\x00"
    + b"\x01\x00\x03\x00\x05\x00\x01\x01\x06\x01\x00\x02\x07\x00\x00",
    "comments": b"\x00\x00\x24\x01\x18\x00\x01\x00\x00\x01\x00\x00" + text(b" a $b$ \\\n c") + text(b"d"),
    "long_chain_of_imports": b"\x00\x17" + FIRST_FILE + b"\x00\x01\x02\x00"
    + b"".join(NEXT_FILE + bytes([0, 1, i, 0]) for i in range(23)),
}

# --- cli_fuzzer.cc ---

CLI = {
    "fields": b"\x00text=a small=3 'tags=b c' labels.red=1 address.city=Porto # all of them",
    "json_words": b"\x10" + b'{"text": "a", "inner": {"on": true}} text=b {"large": "9"}',
    "quotes": b"\x00text=\"a 'b'\" data=QUJD delay=1.5s anything=[1,null] boxed=x colour=COLOUR_RED",
    "json": b"\x03" + b'{"ratio": "NaN", "delay": "1.5s", "anything": {"a": [1, "\\ud83d\\ude00"]}, "numbered": {"1": "x"}}',
    "reply": b"\x04" + bytes_field(1, b"text") + number_field(3, 7) + bytes_field(11, bytes_field(1, b"Porto")),
    "flags": b"\x05" + b"".join(text(word.encode()) for word in "--timeout 5s --metadata a=b call x.v1.X/Y text=a".split()),
    "schema": b"\x06" + text(FILE) + bytes_field(1, b"x"),
    "text": b"\x07a\x1b[31m \xe2\x80\xae \xff\n",
}

FUZZERS = {"frame": FRAMES, "server": SERVER, "client": CLIENT, "generator": GENERATOR, "cli": CLI}


def main():
    for fuzzer, inputs in FUZZERS.items():
        folder = CORPUS / fuzzer
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in inputs.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
