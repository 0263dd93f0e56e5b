#!/usr/bin/python3
"""A writer and its readers: three of the classic exercises on named pipes, solved by the programs.

piperpcd is where writer and readers meet; a reader is a `piperpc call` of Subscribe, the writer a
`piperpc session` that publishes a line at a time. The word "fim" on the server's standard input ends
all of it.
"""

import time
import unittest

import programs
from programs import PUBLISH, SUBSCRIBE, Server, replies

RESOURCE_EXHAUSTED, UNAVAILABLE, INTERRUPTED = 8, 14, 130


class Writer:
  """Publishes lines, each of which is out when write() returns."""

  def __init__(self, server):
    self.session = server.start('session')
    self.written = 0

  def write(self, text):
    """How many readers it was for."""
    self.session.write(f'call {PUBLISH} text="{text}"')
    reply = replies([self.session.out.until('"sequence"')])[0]
    self.written += 1
    assert reply['sequence'] == str(self.written), reply
    return reply.get('subscribers', 0)


class Reader:

  def __init__(self, server, *flags):
    self.process = server.start(*flags, 'call', SUBSCRIBE)

  def wait_connected(self):
    self.process.out.until('"subscribed"')
    return self

  def leave(self):
    self.process.interrupt()
    return self.process.finish()

  def lines(self):
    return [event['message']['text'] for event in replies(self.process.out.seen)
            if 'message' in event]


class ExerciseTest(unittest.TestCase):

  def start(self, *flags):
    server = Server('--memory', '--stop-word', 'fim', *flags)
    self.addCleanup(server.remove)
    return server

  def writer(self, server):
    writer = Writer(server)
    self.addCleanup(writer.session.discard)
    return writer

  def reader(self, server, *flags):
    reader = Reader(server, *flags)
    self.addCleanup(reader.process.discard)
    return reader

  def connected_readers(self, server, count):
    return [self.reader(server).wait_connected() for _ in range(count)]

  def end_by_the_word(self, server, *readers):
    """The server ends in order, and so does the stream of each reader, which says why."""
    server.write('fim')
    self.assertEqual(server.process.wait(programs.LIMIT), 0)
    server.finish()
    for reader in readers:
      self.assertEqual(reader.process.finish(), UNAVAILABLE, reader.process.err.seen)
      self.assertIn('the server has ended the subscription', '\n'.join(reader.process.err.seen))

  def assert_refused(self, reader, code, *texts):
    self.assertEqual(reader.process.finish(), code, reader.process.err.seen)
    for text in texts:
      self.assertIn(text, '\n'.join(reader.process.err.seen))


class Exercise2Test(ExerciseTest):
  """One writer, one reader; and what a second reader gets."""

  def test_a_reader_gets_each_line_in_order_until_the_word(self):
    server = self.start()
    writer = self.writer(server)
    reader, = self.connected_readers(server, 1)
    written = ['bom dia', 'ação', 'fim?', *(f'frase {i}' for i in range(50))]
    for line in written:
      self.assertEqual(writer.write(line), 1)
    self.end_by_the_word(server, reader)
    self.assertEqual(reader.lines(), written)

  def test_a_second_and_a_third_reader_are_served_at_once(self):
    server = self.start()
    writer = self.writer(server)
    readers = self.connected_readers(server, 3)
    self.assertEqual(writer.write('para todos'), 3)
    for reader in readers:
      reader.process.out.until('"para todos"')
    self.end_by_the_word(server, *readers)


class Exercise3Test(ExerciseTest):
  """The writer's lines reach all readers that are connected."""

  def test_every_reader_gets_every_line_in_the_same_order(self):
    server = self.start()
    writers = [self.writer(server) for _ in range(2)]
    readers = self.connected_readers(server, 3)
    for i in range(50):
      for name, writer in zip('ab', writers):
        writer.session.write(f'call {PUBLISH} text="{name}{i}"')
    for writer in writers:
      for _ in range(50):
        self.assertIn('"subscribers":3', writer.session.out.until('"sequence"'))
    self.end_by_the_word(server, *readers)
    first, second, third = (reader.lines() for reader in readers)
    self.assertEqual(first, second)
    self.assertEqual(first, third)
    for name in 'ab':
      self.assertEqual([line for line in first if line.startswith(name)],
                       [f'{name}{i}' for i in range(50)])

  def test_a_reader_that_joins_late_gets_what_comes_after(self):
    server = self.start()
    writer = self.writer(server)
    early, = self.connected_readers(server, 1)
    self.assertEqual(writer.write('um'), 1)
    late, = self.connected_readers(server, 1)
    self.assertEqual(writer.write('dois'), 2)
    self.end_by_the_word(server, early, late)
    self.assertEqual(early.lines(), ['um', 'dois'])
    self.assertEqual(late.lines(), ['dois'])

  def test_a_reader_that_leaves_takes_nothing_from_the_others(self):
    server = self.start()
    writer = self.writer(server)
    leaving, vanishing, staying = self.connected_readers(server, 3)
    self.assertEqual(writer.write('um'), 3)
    leaving.process.out.until('"um"')
    self.assertEqual(leaving.leave(), INTERRUPTED)
    vanishing.process.out.until('"um"')
    vanishing.process.process.kill()
    vanishing.process.finish()
    self.assertGreaterEqual(writer.write('dois'), 1)
    self.end_by_the_word(server, staying)
    self.assertEqual(staying.lines(), ['um', 'dois'])

  def test_a_line_that_nobody_reads_is_no_error(self):
    server = self.start()
    self.assertEqual(self.writer(server).write('para ninguém'), 0)
    self.end_by_the_word(server)


class Exercise5Test(ExerciseTest):
  """The limit of readers, and the end by a word.

  There are three limits, each an option of piperpcd: of subscribers, of one user's connections, and
  of all connections. Above each of them a reader is told at once, by an error that names the limit,
  and the place of one that leaves is free for the next.
  """

  def test_above_the_limit_of_subscribers_a_reader_is_told_and_the_others_go_on(self):
    server = self.start('--max-subscribers', '2')
    writer = self.writer(server)
    first, second = self.connected_readers(server, 2)
    self.assert_refused(self.reader(server), RESOURCE_EXHAUSTED, 'RESOURCE_EXHAUSTED',
                        'there are 2 subscribers; the limit is 2')
    self.assertEqual(writer.write('ainda aqui'), 2)

    self.assertEqual(first.leave(), INTERRUPTED)
    third = self.reader_in_the_place_of_one_that_left(server)
    self.assertEqual(writer.write('outra vez'), 2)
    self.end_by_the_word(server, second, third)
    self.assertEqual(second.lines(), ['ainda aqui', 'outra vez'])
    self.assertEqual(third.lines(), ['outra vez'])

  def reader_in_the_place_of_one_that_left(self, server):
    """Its place may be taken for a moment still: the server has not seen it go."""
    limit = time.monotonic() + programs.LIMIT
    while time.monotonic() < limit:
      reader = self.reader(server)
      if '"subscribed"' in (reader.process.out.next() or ''):
        return reader
      self.assert_refused(reader, RESOURCE_EXHAUSTED)
    raise AssertionError('no place became free')

  def test_above_one_users_limit_of_connections_a_reader_is_told(self):
    server = self.start('--max-connections-per-user', '2')
    readers = self.connected_readers(server, 2)
    self.assert_refused(self.reader(server), RESOURCE_EXHAUSTED, 'RESOURCE_EXHAUSTED', '2')
    self.end_by_the_word(server, *readers)

  def test_above_the_limit_of_connections_a_reader_is_told_so_until_one_has_left(self):
    server = self.start('--max-connections', '2')
    first, second = self.connected_readers(server, 2)
    self.assert_refused(self.reader(server), RESOURCE_EXHAUSTED, 'RESOURCE_EXHAUSTED',
                        'max_connections')
    self.assertEqual(first.leave(), INTERRUPTED)
    limit = time.monotonic() + programs.LIMIT
    while server.run('list').returncode == RESOURCE_EXHAUSTED:
      self.assertLess(time.monotonic(), limit, 'the place of the reader that left is not free')
    self.end_by_the_word(server, second)

  def test_the_word_ends_a_server_that_has_no_readers(self):
    self.end_by_the_word(self.start())

  def test_the_word_ends_the_server_while_a_writer_and_many_readers_are_connected(self):
    server = self.start()
    writer = self.writer(server)
    readers = self.connected_readers(server, 8)
    self.assertEqual(writer.write('a última'), 8)
    self.end_by_the_word(server, *readers)
    for reader in readers:
      self.assertEqual(reader.lines(), ['a última'])
    writer.session.write(f'call {PUBLISH} text="tarde demais"')
    self.assertEqual(writer.session.finish(), UNAVAILABLE, writer.session.err.seen)


if __name__ == '__main__':
  unittest.main()
