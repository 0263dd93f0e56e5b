#!/usr/bin/python3
"""Holds the Python client's framing to the example of rpc/PROTOCOL.md."""

import pathlib
import re
import unittest

import protocol_client as client
from protocol_client import upper, wire

PROTOCOL = pathlib.Path(__file__).resolve().parents[2] / 'rpc' / 'PROTOCOL.md'
HEX_LINE = re.compile(r'^    ((?:[0-9a-f]{2} {1,2})*[0-9a-f]{2})(?: {3}.*)?$', re.MULTILINE)


def example_packet():
  section = PROTOCOL.read_text(encoding='utf-8').split('### Example')[1].split('\n## ')[0]
  return bytes.fromhex(''.join(HEX_LINE.findall(section)))


class FramingTest(unittest.TestCase):

  def test_example_has_the_size_that_the_document_says(self):
    text = PROTOCOL.read_text(encoding='utf-8')
    size = int(re.search(r"A client's first packet, (\d+) bytes", text).group(1))
    self.assertEqual(len(example_packet()), size)

  def test_example_decodes(self):
    (hello, hello_payload), (request, payload) = client.decode_packet(example_packet())
    self.assertEqual(hello.kind, wire.FRAME_KIND_HELLO)
    self.assertEqual(wire.Hello.FromString(hello_payload).magic, client.MAGIC)
    self.assertEqual(request.method, client.UPPERCASE)
    self.assertEqual(request.timeout_us, 1000000)
    self.assertEqual(upper.UppercaseRequest.FromString(payload).text, 'hi')

  def test_example_encodes_to_itself(self):
    frames = client.decode_packet(example_packet())
    again = b''.join(client.encode_frame(header, payload) for header, payload in frames)
    self.assertEqual(again, example_packet())

  def test_every_truncation_is_an_error_or_the_first_frame(self):
    packet = example_packet()
    first = len(client.encode_frame(*client.decode_packet(packet)[0]))
    for size in range(1, len(packet)):
      if size != first:
        with self.assertRaises(ValueError):
          client.decode_packet(packet[:size])

  def test_split_message_joins_again(self):
    header = wire.FrameHeader(kind=wire.FRAME_KIND_MESSAGE, call_id=3)
    payload = bytes(range(256)) * 10
    for room in (1000, 2559, 2560, 2561):
      message = client.Message()
      packet = b''.join(client.split_message(header, payload, room))
      results = [message.add(*frame) for frame in client.decode_packet(packet)]
      self.assertEqual(results[-1], payload)
      self.assertTrue(all(result is None for result in results[:-1]))

  def test_wrong_message_size_is_refused(self):
    header = wire.FrameHeader(kind=wire.FRAME_KIND_MESSAGE, message_size=9)
    with self.assertRaises(client.Failure):
      client.Message().add(header, b'eight..')


if __name__ == '__main__':
  unittest.main()
