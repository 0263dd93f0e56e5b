#include "tools/piperpc/line_reader.h"

#include <chrono>
#include <future>
#include <string>

#include "gtest/gtest.h"
#include "programs/test_pipe.h"

namespace piperpc::cli {
namespace {

using tools::TestPipe;
using Result = LineReader::Result;

std::string NextLine(LineReader& reader) {
  std::string line;
  EXPECT_EQ(reader.ReadLine(line, {}), Result::kLine);
  return line;
}

// Waits for a line that does not come, until another thread asks it to stop.
Result ReadUntilStopped(LineReader& reader, TestPipe& pipe) {
  std::stop_source stop;
  std::string line;
  auto result = std::async(std::launch::async, [&] {
    return reader.ReadLine(line, CommandDeadline(std::nullopt, stop.get_token()));
  });
  stop.request_stop();
  if (result.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
    ADD_FAILURE() << "the wait does not end";
    pipe.CloseWriteEnd();
  }
  return result.get();
}

TEST(LineReaderTest, GivesLinesWithoutTheirEnds) {
  TestPipe pipe;
  LineReader reader(pipe.read_end());
  pipe.Write("one\ntwo\r\n\nth\ree\nlast");
  pipe.CloseWriteEnd();
  for (const char* line : {"one", "two", "", "th\ree", "last"}) EXPECT_EQ(NextLine(reader), line);
  std::string line;
  EXPECT_EQ(reader.ReadLine(line, {}), Result::kEnd);
  EXPECT_EQ(reader.ReadLine(line, {}), Result::kEnd);
}

TEST(LineReaderTest, PutsALineTogetherFromPieces) {
  TestPipe pipe;
  LineReader reader(pipe.read_end());
  pipe.Write("one\ntw");
  EXPECT_EQ(NextLine(reader), "one");
  auto line = std::async(std::launch::async, [&] { return NextLine(reader); });
  pipe.Write("o\n");
  EXPECT_EQ(line.get(), "two");
}

TEST(LineReaderTest, AStopEndsTheWait) {
  TestPipe pipe;
  LineReader reader(pipe.read_end());
  EXPECT_EQ(ReadUntilStopped(reader, pipe), Result::kStopped);
}

TEST(LineReaderTest, WhatComesAfterAStopIsKept) {
  TestPipe pipe;
  LineReader reader(pipe.read_end());
  for (const char* line : {"one", "two"}) {
    ASSERT_EQ(ReadUntilStopped(reader, pipe), Result::kStopped);
    pipe.Write(std::string(line) + "\n");
    EXPECT_EQ(NextLine(reader), line);
  }
}

// A deadline that is over as soon as anybody waits.
CommandDeadline Over() {
  const CommandDeadline deadline(std::chrono::milliseconds(1), {});
  while (!deadline.over()) deadline.Pause(std::chrono::milliseconds(1));
  return deadline;
}

TEST(LineReaderTest, TheTimeEndsTheWait) {
  TestPipe pipe;
  LineReader reader(pipe.read_end());
  std::string line;
  const CommandDeadline deadline(std::chrono::milliseconds(20), {});
  EXPECT_EQ(reader.ReadLine(line, deadline), Result::kTimedOut);
  EXPECT_TRUE(deadline.over());
  EXPECT_EQ(reader.ReadAll(line, deadline), Result::kTimedOut);
}

TEST(LineReaderTest, WhatComesAfterItsTimeIsKept) {
  TestPipe pipe;
  LineReader reader(pipe.read_end());
  pipe.Write("one\n");
  std::string line;
  EXPECT_EQ(reader.ReadLine(line, Over()), Result::kTimedOut);
  EXPECT_EQ(NextLine(reader), "one");
}

TEST(LineReaderTest, ReadsAllThatIsLeftAsItIs) {
  TestPipe pipe;
  LineReader reader(pipe.read_end());
  pipe.Write("one\ntwo\r\n\x1a three");
  pipe.CloseWriteEnd();
  EXPECT_EQ(NextLine(reader), "one");
  std::string rest;
  EXPECT_EQ(reader.ReadAll(rest, {}), Result::kEnd);
  EXPECT_EQ(rest, "two\r\n\x1a three");
}

TEST(LineReaderTest, ALineOfNoEndIsGivenUp) {
  TestPipe pipe;
  LineReader reader(pipe.read_end(), 8);
  pipe.Write("123456789");
  std::string line;
  EXPECT_EQ(reader.ReadLine(line, {}), Result::kTooLong);
}

TEST(LineReaderTest, APipeIsNoTerminal) {
  TestPipe pipe;
  EXPECT_FALSE(tools::IsTerminal(pipe.read_end()));
}

}  // namespace
}  // namespace piperpc::cli
