#!/usr/bin/python3
"""A PipeRPC client in another language, written from rpc/PROTOCOL.md and the .proto files alone.

    protocol_client.py SOCKET

Talks to the server that listens at SOCKET (a SOCK_SEQPACKET path), prints a line for each thing it has
seen, and exits 0 when all of it was right. Needs protoc and Python's protobuf; no wait is unbounded.
"""

import collections
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time

PROTO_ROOT = pathlib.Path(__file__).resolve().parents[2] / 'proto'
WAIT = 20.0  # Seconds, for any one thing to happen.


def generate_messages():
  """Makes the *_pb2 modules of our .proto files importable."""
  folder = tempfile.TemporaryDirectory(prefix='piperpc-client-')
  names = ['piperpc/v1/frame.proto', 'piperpc/v1/annotations.proto', 'auth/v1/auth.proto',
           'upper/v1/upper.proto', 'notify/v1/notify.proto']
  subprocess.run(['protoc', f'--python_out={folder.name}', f'-I{PROTO_ROOT}', *names],
                 check=True, timeout=60)
  sys.path.insert(0, folder.name)
  return folder


_generated = generate_messages()
from auth.v1 import auth_pb2 as auth  # pylint: disable=wrong-import-position
from notify.v1 import notify_pb2 as notify  # pylint: disable=wrong-import-position
from piperpc.v1 import frame_pb2 as wire  # pylint: disable=wrong-import-position
from upper.v1 import upper_pb2 as upper  # pylint: disable=wrong-import-position

MAGIC = 0x43505250
OVERHEAD = 32  # What a message costs of its credit, beyond its bytes.
EARLY = wire.Hello(max_packet_bytes=65536, max_message_bytes=65536, max_calls=16,
                   max_metadata_bytes=8192, initial_credit=65536)
CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED = 1, 3, 4
FAILED_PRECONDITION, UNIMPLEMENTED, UNAUTHENTICATED = 9, 12, 16


# ---- Frames ----


def encode_frame(header, payload=b''):
  encoded = header.SerializeToString()
  return struct.pack('<I', len(encoded)) + encoded + struct.pack('<I', len(payload)) + payload


def take_prefixed(packet, offset):
  """The bytes behind the length prefix at `offset`, and the offset behind them."""
  if len(packet) - offset < 4:
    raise ValueError(f'the packet ends inside a length at byte {offset}')
  (size,) = struct.unpack_from('<I', packet, offset)
  end = offset + 4 + size
  if end > len(packet):
    raise ValueError(f'a length of {size} at byte {offset} of a packet of {len(packet)}')
  return packet[offset + 4:end], end


def decode_packet(packet):
  """All (header, payload) of a packet."""
  frames = []
  offset = 0
  while offset < len(packet):
    encoded, offset = take_prefixed(packet, offset)
    payload, offset = take_prefixed(packet, offset)
    frames.append((wire.FrameHeader.FromString(encoded), payload))
  return frames


def split_message(header, payload, room):
  """The frames of a message: `header` is the first one's, no frame's payload is above `room`."""
  if len(payload) <= room:
    return [encode_frame(header, payload)]
  frames = []
  for begin in range(0, len(payload), room):
    part = payload[begin:begin + room]
    if begin == 0:
      this = wire.FrameHeader()
      this.CopyFrom(header)
      this.message_size = len(payload)
    else:
      this = wire.FrameHeader(kind=header.kind, call_id=header.call_id)
    if begin + room < len(payload):
      this.flags |= wire.FRAME_FLAG_MORE
    frames.append(encode_frame(this, part))
  return frames


# ---- Connections and calls ----


class Failure(Exception):
  """Something that was not as PROTOCOL.md has it."""


def require(condition, text):
  if not condition:
    raise Failure(text)


class Message:
  """A message that arrives in one frame or in several."""

  def __init__(self):
    self.parts = []
    self.size = None  # Told by the first of several frames.

  def add(self, header, payload):
    """The whole message, or None while there is more to come."""
    more = bool(header.flags & wire.FRAME_FLAG_MORE)
    if self.size is None:
      require(header.message_size or not more, 'a split message without message_size')
      self.size = header.message_size or len(payload)
    self.parts.append(payload)
    arrived = sum(map(len, self.parts))
    require(arrived < self.size if more else arrived == self.size,
            f'message_size is {self.size}, but {arrived} bytes have come')
    return None if more else b''.join(self.parts)


class Call:

  def __init__(self, connection, call_id, credit):
    self.connection = connection
    self.call_id = call_id
    self.send_credit = credit  # What we may send.
    self.receive_credit = connection.hello.initial_credit  # What the server may send.
    self.consumed = 0
    self.credits_seen = 0
    self.grants_made = 0
    self.messages = collections.deque()
    self.partial = None
    self.partial_kind = None
    self.status = None  # Set when the call has ended.
    self.payload = b''
    self.frames = 0

  def on_frame(self, header, payload):
    self.frames += 1
    if header.kind == wire.FRAME_KIND_CREDIT:
      self.send_credit += header.credit
      self.credits_seen += 1
    elif header.kind == wire.FRAME_KIND_RESPONSE and header.status.code:
      self.partial = None
      self.status = header.status
    elif header.kind in (wire.FRAME_KIND_MESSAGE, wire.FRAME_KIND_RESPONSE):
      self.on_message_frame(header, payload)
    else:
      raise Failure(f'a server may not send kind {header.kind} for a call')

  def on_message_frame(self, header, payload):
    if self.partial is None:
      self.partial, self.partial_kind = Message(), header.kind
      if header.kind == wire.FRAME_KIND_MESSAGE:
        require(self.receive_credit > 0, 'a message was begun without credit')
        self.receive_credit -= (header.message_size or len(payload)) + OVERHEAD
    require(header.kind == self.partial_kind, 'frames of one call are mixed up')
    whole = self.partial.add(header, payload)
    if whole is None:
      return
    self.partial = None
    if header.kind == wire.FRAME_KIND_MESSAGE:
      self.messages.append(whole)
      self.consume(len(whole) + OVERHEAD)
    else:
      self.payload = whole
      self.status = header.status

  def consume(self, cost):
    """Gives credit only when the server has none left: so it has to stop and wait each time."""
    self.consumed += cost
    if self.receive_credit <= 0:
      self.connection.send([self.frame(wire.FRAME_KIND_CREDIT, credit=self.consumed)])
      self.receive_credit += self.consumed
      self.consumed = 0
      self.grants_made += 1

  def frame(self, kind, **fields):
    return encode_frame(wire.FrameHeader(kind=kind, call_id=self.call_id, **fields))

  def send_message(self, message):
    payload = message.SerializeToString()
    self.connection.pump_until(lambda: self.send_credit > 0 or self.status is not None, 'credit')
    require(self.status is None, f'the call ended: {self.status}')
    self.send_credit -= len(payload) + OVERHEAD
    header = wire.FrameHeader(kind=wire.FRAME_KIND_MESSAGE, call_id=self.call_id)
    self.connection.send_message(header, payload)

  def half_close(self):
    self.connection.send([self.frame(wire.FRAME_KIND_HALF_CLOSE)])

  def cancel(self):
    self.connection.send([self.frame(wire.FRAME_KIND_CANCEL)])

  def next_message(self, message_type):
    self.connection.pump_until(lambda: self.messages or self.status is not None, 'a message')
    require(self.messages, f'the call ended without the message: {self.status}')
    return message_type.FromString(self.messages.popleft())

  def wait(self):
    """The code that the call ended with."""
    self.connection.pump_until(lambda: self.status is not None, 'the end of the call')
    return self.status.code

  def reply(self, message_type):
    code = self.wait()
    require(code == 0, f'status {code}: {self.status.message}')
    return message_type.FromString(self.payload)


class Connection:
  """One pipe. Frames that should go with the Hello, in its packet, are held until flush()."""

  def __init__(self, path):
    self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    self.socket.settimeout(WAIT)
    self.socket.connect(path)
    self.hello = wire.Hello(magic=MAGIC, min_version=1, max_version=1, max_packet_bytes=131072,
                            max_message_bytes=4 << 20, max_metadata_bytes=8192,
                            initial_credit=65536, implementation='piperpc-python/1')
    self.server = EARLY  # Until the server's Hello has come.
    self.greeted = False
    self.goaway = None
    self.ended = False
    self.calls = {}
    self.last_id = 0
    self.pongs = []

  def __enter__(self):
    return self

  def __exit__(self, *unused):
    self.socket.close()

  # -- Sending --

  def send(self, frames):
    """Sends the frames, in as few packets as the limit allows."""
    packet = b''
    for frame in frames:
      if packet and len(packet) + len(frame) > self.server.max_packet_bytes:
        self.socket.send(packet)
        packet = b''
      packet += frame
    self.socket.send(packet)

  def hello_frame(self):
    return encode_frame(wire.FrameHeader(kind=wire.FRAME_KIND_HELLO),
                        self.hello.SerializeToString())

  def message_frames(self, header, payload):
    require(len(payload) <= self.server.max_message_bytes,
            f'{len(payload)} bytes are above the limit of {self.server.max_message_bytes}')
    room = self.server.max_packet_bytes - len(encode_frame(header)) - 16
    return split_message(header, payload, room)

  def send_message(self, header, payload):
    self.send(self.message_frames(header, payload))

  def open(self, method, message=None, timeout=0.0, before=()):
    """Opens a call. With a message the client sends nothing more. `before`: frames in front."""
    self.last_id += 1
    call = Call(self, self.last_id, self.server.initial_credit)
    self.calls[call.call_id] = call
    header = wire.FrameHeader(kind=wire.FRAME_KIND_REQUEST, call_id=call.call_id, method=method,
                              timeout_us=int(timeout * 1e6))
    payload = b''
    if message is not None:
      header.flags = wire.FRAME_FLAG_END
      payload = message.SerializeToString()
    self.send([*before, *self.message_frames(header, payload)])
    return call

  # -- Receiving --

  def pump_until(self, done, what):
    deadline = time.monotonic() + WAIT
    while not done():
      require(not self.ended, f'the connection ended before {what}; goaway: {self.goaway}')
      left = deadline - time.monotonic()
      require(left > 0, f'no {what} within {WAIT} s')
      self.socket.settimeout(left)
      try:
        self.receive()
      except socket.timeout:
        raise Failure(f'no {what} within {WAIT} s') from None

  def receive(self):
    packet, _, flags, _ = self.socket.recvmsg(self.hello.max_packet_bytes)
    require(not flags & socket.MSG_TRUNC, 'a packet above our limit')
    if not packet:
      self.ended = True
    for header, payload in decode_packet(packet):
      self.on_frame(header, payload)

  def on_frame(self, header, payload):
    kind = header.kind
    require(self.greeted or kind in (wire.FRAME_KIND_HELLO, wire.FRAME_KIND_GOAWAY),
            f'the first frame is of kind {kind}')
    if kind == wire.FRAME_KIND_HELLO:
      self.on_hello(wire.Hello.FromString(payload))
    elif kind == wire.FRAME_KIND_GOAWAY:
      self.goaway = wire.Goaway.FromString(payload)
    elif kind == wire.FRAME_KIND_PING:
      self.send([encode_frame(wire.FrameHeader(kind=wire.FRAME_KIND_PONG), payload)])
    elif kind == wire.FRAME_KIND_PONG:
      self.pongs.append(payload)
    elif header.call_id in self.calls:
      self.on_call_frame(self.calls[header.call_id], header, payload)
    else:
      require(header.flags & wire.FRAME_FLAG_OPTIONAL, f'a frame of no call:\n{header}')

  def on_hello(self, hello):
    require(not self.greeted, 'a second Hello')
    require(hello.magic == MAGIC, f'magic {hello.magic:#x}')
    require(hello.min_version == hello.max_version == 1,
            f'versions {hello.min_version} to {hello.max_version}')
    for limit in ('max_packet_bytes', 'max_message_bytes', 'max_calls', 'max_metadata_bytes',
                  'initial_credit'):
      require(getattr(hello, limit) >= getattr(EARLY, limit), f'{limit} is below the least')
    for call in self.calls.values():
      call.send_credit += hello.initial_credit - EARLY.initial_credit
    self.server = hello
    self.greeted = True

  def on_call_frame(self, call, header, payload):
    require(call.status is None, f'a frame of a call that has ended:\n{header}')
    call.on_frame(header, payload)


# ---- What a client does ----


def step(text):
  print(f'ok: {text}', flush=True)


LOGIN = 'auth.v1.AuthService/Login'
UPPERCASE = 'upper.v1.UpperService/Uppercase'
LINES = 'upper.v1.UpperService/UppercaseLines'
SUBSCRIBE = 'notify.v1.NotifyService/Subscribe'


def login(connection, username):
  """Says Hello and logs in, in one packet."""
  request = auth.LoginRequest(username=username, password='correct horse')
  call = connection.open(LOGIN, request, timeout=WAIT, before=[connection.hello_frame()])
  call.reply(auth.LoginResponse)
  require(connection.greeted, 'a reply came without a Hello')
  step(f'Hello of "{connection.server.implementation}", and login of {username} in its packet')


def needs_login(path):
  with Connection(path) as connection:
    request = upper.UppercaseRequest(text='x')
    call = connection.open(UPPERCASE, request, before=[connection.hello_frame()])
    require(call.wait() == UNAUTHENTICATED, f'without login: {call.status}')
  step('Uppercase without login is UNAUTHENTICATED')


def uppercase(connection):
  request = upper.UppercaseRequest(text='straße')
  text = connection.open(UPPERCASE, request, timeout=WAIT).reply(upper.UppercaseResponse).text
  require(text == 'STRASSE', f'Uppercase gave {text!r}')
  step('Uppercase of "straße" is "STRASSE"')


def large_message(connection):
  request = upper.UppercaseRequest(text='abc' * 100 * 1024)
  call = connection.open(UPPERCASE, request, timeout=WAIT)
  reply = call.reply(upper.UppercaseResponse)
  require(reply.text == request.text.upper(), 'a large text came back wrong')
  require(call.frames > 1, 'a reply above our packet limit came in one frame')
  step(f'300 KiB there in several frames, and back in {call.frames}')


def lines(connection):
  call = connection.open(LINES, timeout=WAIT)
  for line in ('eins', 'zwei', 'drei'):
    call.send_message(upper.UppercaseLinesRequest(text=line))
    reply = call.next_message(upper.UppercaseLinesResponse)
    require(reply.text == line.upper(), f'{line} became {reply.text}')
  call.half_close()
  require(call.wait() == 0, f'lines ended with {call.status}')
  step('UppercaseLines answers each of three lines, then ends')


def credit(connection):
  """More, both ways, than the credit of either side."""
  line = 'x' * 16 * 1024
  count = 3 * connection.server.initial_credit // len(line)
  call = connection.open(LINES)
  for _ in range(count):
    call.send_message(upper.UppercaseLinesRequest(text=line))
  call.half_close()
  for number in range(count):
    reply = call.next_message(upper.UppercaseLinesResponse)
    require(reply.text == line.upper(), f'line {number} came back wrong')
  require(call.wait() == 0, f'lines ended with {call.status}')
  require(call.credits_seen and call.grants_made, 'no credit was needed')
  step(f'{count} lines of 16 KiB with {call.credits_seen} CREDITs received and '
       f'{call.grants_made} given; nothing came without credit')


def subscribe_and_cancel(connection, path, username):
  call = connection.open(SUBSCRIBE, notify.SubscribeRequest())
  first = call.next_message(notify.Event)
  require(first.WhichOneof('kind') == 'subscribed', f'the first event is {first}')
  step('Subscribe stands')
  with Connection(path) as second:
    login(second, username)
    event = call.next_message(notify.Event)
    while event.user_logged_in.username != username:  # Others may log in meanwhile.
      event = call.next_message(notify.Event)
  step(f'the subscriber learns that {username} has logged in')
  call.cancel()
  require(call.wait() == CANCELLED, f'the cancelled call ended with {call.status}')
  step('CANCEL ends the subscription with CANCELLED')


def ping(connection):
  connection.send([encode_frame(wire.FrameHeader(kind=wire.FRAME_KIND_PING), b'are you there?')])
  connection.pump_until(lambda: connection.pongs, 'PONG')
  require(connection.pongs == [b'are you there?'], f'PONG said {connection.pongs}')
  step('PING is answered by PONG')


def unknown_kind(connection):
  header = wire.FrameHeader(flags=wire.FRAME_FLAG_OPTIONAL)
  header.MergeFromString(b'\x08\x63')  # Kind 99.
  connection.send([encode_frame(header, b'?')])
  uppercase(connection)
  step('an unknown kind that is OPTIONAL is ignored')


def unknown_method(connection):
  for method in ('no.Such/Method', 'upper.v1.UpperService/NoSuch'):
    call = connection.open(method, upper.UppercaseRequest())
    require(call.wait() == UNIMPLEMENTED, f'{method}: {call.status}')
  step('an unknown method is UNIMPLEMENTED')


def deadline(connection):
  call = connection.open(SUBSCRIBE, notify.SubscribeRequest(), timeout=0.05)
  require(call.wait() == DEADLINE_EXCEEDED, f'the expired call ended with {call.status}')
  step('a deadline ends a subscription with DEADLINE_EXCEEDED')


def expect_goaway(connection, code, what):
  connection.pump_until(lambda: connection.ended, 'the end of the connection')
  require(connection.goaway is not None, f'{what}: no GOAWAY')
  status = connection.goaway.status
  require(status.code == code, f'{what}: GOAWAY says {status}')
  step(f'{what}: GOAWAY, "{status.message}", and the end')


def refused_hellos(path):
  with Connection(path) as connection:
    connection.hello.magic = 0x12345678
    connection.send([connection.hello_frame()])
    expect_goaway(connection, INVALID_ARGUMENT, 'wrong magic')
  with Connection(path) as connection:
    connection.hello.min_version = connection.hello.max_version = 1000
    connection.send([connection.hello_frame()])
    expect_goaway(connection, FAILED_PRECONDITION, 'no version in common')
  with Connection(path) as connection:
    connection.open(UPPERCASE, upper.UppercaseRequest())
    expect_goaway(connection, INVALID_ARGUMENT, 'no Hello')


def protocol_errors(path):
  with Connection(path) as connection:
    connection.send([connection.hello_frame()])
    connection.pump_until(lambda: connection.greeted, 'Hello')
    connection.open('no.Such/Method', upper.UppercaseRequest()).wait()
    connection.last_id = 0
    connection.calls.clear()
    connection.open('no.Such/Method', upper.UppercaseRequest())
    expect_goaway(connection, INVALID_ARGUMENT, 'an id that does not rise')
  with Connection(path) as connection:
    connection.send([connection.hello_frame(), struct.pack('<I', 1000)])
    expect_goaway(connection, INVALID_ARGUMENT, 'a lying length')


def main():
  if len(sys.argv) != 2:
    sys.exit(__doc__)
  path = sys.argv[1]
  name = f'python-{os.getpid()}'
  try:
    needs_login(path)
    with Connection(path) as connection:
      login(connection, name)
      uppercase(connection)
      large_message(connection)
      lines(connection)
      credit(connection)
      subscribe_and_cancel(connection, path, f'{name}-second')
      ping(connection)
      unknown_kind(connection)
      unknown_method(connection)
      deadline(connection)
    refused_hellos(path)
    protocol_errors(path)
  except (Failure, OSError, ValueError) as error:
    sys.exit(f'FAILED: {error}')
  print('all seen')


if __name__ == '__main__':
  main()
