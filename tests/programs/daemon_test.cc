#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/piperpcd/log_writer.h"
#include "tools/piperpcd/options.h"
#include "tools/piperpcd/stop_request.h"

namespace piperpc::daemon {
namespace {

using testing::HasSubstr;

TEST(DaemonOptionsTest, FlagsSetWhatTheySay) {
  const auto options =
      ParseOptions({"--endpoint=demo", "--memory", "--access=users", "--max-connections=10",
                    "--max-message", "64MiB", "--grace=2s", "--log-level=debug",
                    "--subscriber-policy=block", "--stop-word=fim", "--event-loops=4"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->endpoint, "demo");
  EXPECT_TRUE(options->memory);
  EXPECT_EQ(options->server.access.preset, Access::Preset::kAuthenticatedUsers);
  EXPECT_EQ(options->server.max_connections, 10u);
  EXPECT_EQ(options->server.max_message_bytes, 64u << 20);
  EXPECT_EQ(options->server.event_loops, 4u);
  EXPECT_EQ(options->grace, std::chrono::seconds(2));
  EXPECT_EQ(options->log_level, LogLevel::kDebug);
  EXPECT_EQ(options->notify.policy, notify::v1::SLOW_POLICY_BLOCK);
  EXPECT_EQ(options->stop_word, "fim");
}

TEST(DaemonOptionsTest, RawAccessIsLeftToTheSystem) {
  const auto options = ParseOptions({"--access=raw:0660"});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->server.access.preset, Access::Preset::kRaw);
  EXPECT_EQ(options->server.access.raw, "0660");
  EXPECT_FALSE(options->server.access.remote_clients);
}

TEST(DaemonOptionsTest, RemoteClientsComeOnlyWhereTheyAreAskedFor) {
  for (const char* access : {"--access=users", "--access=raw:D:P(A;;FA;;;AU)"}) {
    const auto options = ParseOptions({"--remote-clients", access});
    ASSERT_TRUE(options.ok());
    EXPECT_TRUE(options->server.access.remote_clients) << access;
  }
}

TEST(DaemonOptionsTest, WhatIsWrongIsNamed) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--nothing"}, "unknown flag --nothing"},
      {{"--event-loops=0"}, "from 1 to 64"},
      {{"--access=all"}, "owner, group, users"},
      {{"--log-level=loud"}, "debug, info, warning, error"},
      {{"demo"}, "no flag"},
  };
  for (const auto& [arguments, text] : cases) {
    EXPECT_THAT(std::string(ParseOptions(arguments).status().message()), HasSubstr(text));
  }
}

TEST(LogWriterTest, ARecordIsOneJsonObject) {
  const LogRecord record{LogLevel::kWarning, "call aborted", {{"call", "a.B/C \"x\"\n"}}};
  EXPECT_EQ(FormatRecord(record, "T"),
            R"({"time":"T","level":"warning","event":"call aborted","call":"a.B/C \"x\"\u000a"})");
}

TEST(StopWordTest, HearsTheWordAloneOnALine) {
  StopWord word("fim");
  EXPECT_FALSE(word.Feed("fi"));
  EXPECT_FALSE(word.Feed("m"));
  EXPECT_TRUE(word.Feed("\n"));
}

TEST(StopWordTest, OtherLinesAreNotIt) {
  StopWord word("fim");
  EXPECT_FALSE(word.Feed("fimx\nx fim\n\nfim \r\n"));
  EXPECT_TRUE(word.Feed("fim\r\n"));
}

}  // namespace
}  // namespace piperpc::daemon
