// Tests of the board, and of the service, with piperpc::testing.
#include "phrases.h"

#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "board.h"
#include "piperpc/channel.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace phrases {
namespace {

using piperpc::testing::InProcessServer;
using piperpc::testing::IsOkAndHolds;
using piperpc::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Optional;

// A reader with a connection of its own, as a process has it.
class Reader {
 public:
  explicit Reader(std::shared_ptr<piperpc::Channel> channel)
      : channel_(std::move(channel)), responses_(v1::PhrasesClient(channel_).Read({})) {}

  // The next phrase, or what comes in its place.
  std::string Next() {
    const std::optional<v1::ReadResponse> response = responses_.Next();
    if (!response.has_value()) return responses_.status().ToString();
    return response->has_listening() ? "(listening)" : response->phrase();
  }

 private:
  std::shared_ptr<piperpc::Channel> channel_;  // Calls end with it.
  piperpc::ClientReader<v1::ReadResponse> responses_;
};

// Whether `condition` becomes true.
bool WaitUntil(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

class PhrasesTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kMaxReaders = 3;

  Reader NewReader() { return Reader(server_.NewChannel()); }

  Reader NewListener() {
    Reader reader = NewReader();
    EXPECT_EQ(reader.Next(), "(listening)");
    return reader;
  }

  Board board_;
  Phrases phrases_{board_};
  InProcessServer server_{phrases_, {.server = OptionsFor(kMaxReaders)}};
};

TEST_F(PhrasesTest, AllReadersGetEachPhrase) {
  std::vector<Reader> readers;
  for (std::size_t i = 0; i < kMaxReaders; ++i) readers.push_back(NewListener());
  board_.Write("one");
  board_.Write("two");
  for (Reader& reader : readers) {
    EXPECT_EQ(reader.Next(), "one");
    EXPECT_EQ(reader.Next(), "two");
  }
}

TEST_F(PhrasesTest, WhoComesLaterGetsWhatIsWrittenLater) {
  board_.Write("early");
  Reader reader = NewListener();
  board_.Write("late");
  EXPECT_EQ(reader.Next(), "late");
}

TEST_F(PhrasesTest, TheEndComesAfterTheLastPhrase) {
  Reader reader = NewListener();
  board_.Write("last");
  board_.Close();
  EXPECT_TRUE(server_.server().Shutdown(std::chrono::minutes(1)).clean());
  EXPECT_EQ(reader.Next(), "last");
  EXPECT_EQ(reader.Next(), "OK");
}

TEST_F(PhrasesTest, OneReaderTooManyIsRefusedUntilAnotherHasGone) {
  std::vector<Reader> readers;
  for (std::size_t i = 0; i < kMaxReaders; ++i) readers.push_back(NewListener());
  EXPECT_THAT(NewReader().Next(), HasSubstr("RESOURCE_EXHAUSTED"));

  readers.pop_back();
  ASSERT_TRUE(WaitUntil([&] { return server_.server().stats().connections < kMaxReaders; }));
  Reader taken = NewListener();
  board_.Write("hello");
  EXPECT_EQ(taken.Next(), "hello");
}

TEST_F(PhrasesTest, AReaderThatGoesAwayIsNotWaitedFor) {
  NewListener();
  EXPECT_TRUE(WaitUntil([&] { return server_.server().stats().calls == 0; }));
}

TEST(Board, KeepsTheLastPhrasesForThoseWhoAreSlow) {
  Board board(2);
  for (const char* phrase : {"one", "two", "three"}) board.Write(phrase);
  EXPECT_THAT(board.Read(0, {}), StatusIs(absl::StatusCode::kResourceExhausted,
                                          HasSubstr("3 phrases behind; 2 are kept")));
  EXPECT_THAT(board.Read(1, {}), IsOkAndHolds(Optional(std::string("two"))));
  EXPECT_THAT(board.Read(2, {}), IsOkAndHolds(Optional(std::string("three"))));
}

TEST(Board, StopsWaiting) {
  Board board;
  std::stop_source stop;
  std::jthread stopping([&] { stop.request_stop(); });
  EXPECT_THAT(board.Read(0, stop.get_token()), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace phrases
