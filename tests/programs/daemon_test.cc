#include <chrono>
#include <future>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "notify/v1/notify.pb.h"
#include "tools/piperpcd/line_output.h"
#include "tools/piperpcd/log_writer.h"
#include "tools/piperpcd/options.h"
#include "tools/piperpcd/shutdown_log.h"
#include "tools/piperpcd/stop_request.h"
#include "tools/shared/library_log.h"

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

TEST(DaemonOptionsTest, EachLimitOfTheServerHasAFlag) {
  const auto options = ParseOptions(
      {"--memory", "--worker-threads=5", "--worker-queue=6", "--max-connections=70",
       "--max-connections-per-user=8", "--max-connections-before-hello=9", "--hello-timeout=10ms",
       "--max-calls=17", "--max-message=65KiB", "--max-packet=66KiB", "--max-metadata=9KiB",
       "--message-timeout=11s", "--stream-credit=67KiB", "--output-queue=68KiB",
       "--parse-budget=4GiB", "--parse-budget-per-connection=69KiB",
       "--parse-budget-per-user=70KiB", "--reply-budget=71KiB"});
  ASSERT_TRUE(options.ok()) << options.status();
  const ServerOptions& server = options->server;
  EXPECT_EQ(server.worker_threads, 5u);
  EXPECT_EQ(server.worker_queue, 6u);
  EXPECT_EQ(server.max_connections, 70u);
  EXPECT_EQ(server.max_connections_per_user, 8u);
  EXPECT_EQ(server.max_connections_before_hello, 9u);
  EXPECT_EQ(server.hello_timeout, std::chrono::milliseconds(10));
  EXPECT_EQ(server.max_calls_per_connection, 17u);
  EXPECT_EQ(server.max_message_bytes, 65u << 10);
  EXPECT_EQ(server.max_packet_bytes, 66u << 10);
  EXPECT_EQ(server.max_metadata_bytes, 9u << 10);
  EXPECT_EQ(server.message_timeout, std::chrono::seconds(11));
  EXPECT_EQ(server.stream_credit_bytes, 67u << 10);
  EXPECT_EQ(server.output_queue_bytes, 68u << 10);
  EXPECT_EQ(server.parse_budget_bytes, std::size_t{4} << 30);
  EXPECT_EQ(server.parse_budget_per_connection, 69u << 10);
  EXPECT_EQ(server.parse_budget_per_user, 70u << 10);
  EXPECT_EQ(server.reply_budget_bytes, 71u << 10);
  EXPECT_TRUE(CheckOptions(*options).ok()) << CheckOptions(*options);
}

TEST(DaemonOptionsTest, ABudgetThatNobodyGaveHoldsAFewOfTheLargestMessages) {
  EXPECT_EQ(ParseOptions({})->server.parse_budget_bytes, ServerOptions().parse_budget_bytes);
  EXPECT_EQ(ParseOptions({"--max-message=1GiB"})->server.parse_budget_bytes, std::size_t{4} << 30);
  EXPECT_EQ(ParseOptions({"--max-message=1MiB", "--parse-budget=1MiB"})->server.parse_budget_bytes,
            1u << 20);
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
      {{"--access=all"}, "must be owner, group, users or raw:MODE"},
      {{"--max-connections=-1"},
       "--max-connections: \"-1\" is not valid: must be a whole number from 1 to"},
      {{"--max-message=65535"},
       "--max-message: \"65535\" is out of range: must be from 65536 to 2147483647"},
      {{"--max-packet=1MiB"},
       "--max-packet: \"1MiB\" is out of range: must be from 65536 to 262144"},
      {{"--subscriber-queue=0"}, "--subscriber-queue: \"0\" is out of range: must be from 4096"},
      {{"--log-level=loud"}, "must be debug, info, warning or error"},
      {{"demo"}, "unexpected argument \"demo\""},
      {{"--data-dir", ""}, "--data-dir: the value is empty"},
      {{"--data-dir="}, "--data-dir: the value is empty"},
      {{"--endpoint="}, "--endpoint: the value is empty"},
      {{"--backend="}, "--backend: the value is empty"},
      {{"--stop-word="}, "--stop-word: the value is empty"},
      {{"--memory", "--data-dir=x"}, "leave one of them out"},
      {{"--data-dir=piperpcd-data", "--memory"}, "leave one of them out"},
      {{"--max-subscribers-per-user=20000"},
       "--max-subscribers-per-user: 20000 is more than --max-subscribers allows in all, which is "
       "10000"},
      {{"--max-connections-per-user=11", "--max-connections=10"},
       "--max-connections-per-user: 11 is more than --max-connections allows in all, which is 10: "
       "lower the one or raise the other"},
      {{"--max-metadata=17KiB"},
       "--max-metadata: \"17KiB\" is out of range: must be from 8192 to 16384 bytes"},
      {{"--hello-timeout=0ms"}, "--hello-timeout: \"0ms\" is out of range: must be from 1ms to"},
      {{"--message-timeout=5"},
       "--message-timeout: \"5\" is not a valid duration: must be one such"},
      {{"--reply-budget=1"}, "--reply-budget: \"1\" is out of range: must be from 65536 to"},
      {{"--parse-budget=2000GiB"},
       "--parse-budget: \"2000GiB\" is out of range: must be from 65536 to 1099511627776 bytes"},
      {{"--parse-budget=1MiB"},
       "--parse-budget: 1048576 is less than --max-message, which is 4194304: raise the one or "
       "lower "
       "the other"},
      {{"--parse-budget-per-connection=1MiB"},
       "--parse-budget-per-connection: 1048576 is less than --max-message, which is 4194304: "
       "raise"},
      {{"--parse-budget-per-user=1GiB"},
       "--parse-budget-per-user: 1073741824 is more than --parse-budget allows in all, which is "
       "268435456: lower the one or raise the other"},
      {{"--output-queue=64KiB"},
       "--output-queue: 65536 is less than --max-packet, which is 131072: raise the one or lower "
       "the "
       "other"},
  };
  for (const auto& [arguments, text] : cases) {
    EXPECT_THAT(std::string(ParseOptions(arguments).status().message()), HasSubstr(text));
  }
}

TEST(DaemonOptionsTest, AShareThatNobodyGaveMayBeMoreThanTheWhole) {
  EXPECT_TRUE(ParseOptions({"--max-connections=10", "--max-subscribers=10"}).ok());
  EXPECT_TRUE(ParseOptions({"--max-connections=10", "--max-connections-per-user=10"}).ok());
}

// Of each flag that takes one of a few words: those that it takes.
const std::pair<std::string, std::vector<std::string>> kChoices[] = {
    {"--access", {"owner", "group", "users", "raw:"}},
    {"--subscriber-policy", {"block", "drop-oldest", "disconnect"}},
    {"--log-level", {"debug", "info", "warning", "error"}},
};

std::string LineOfHelp(const std::string& flag) {
  const std::string help = HelpText();
  const std::size_t at = help.find("  " + flag + " ");
  return at == std::string::npos ? "" : help.substr(at, help.find('\n', at) - at);
}

TEST(DaemonOptionsTest, HelpAndErrorNameAllThatAFlagTakesInOneText) {
  for (const auto& [flag, words] : kChoices) {
    const absl::Status refused = ParseOptions({flag + "=bogus"}).status();
    const std::string error(refused.message());
    const std::size_t list = error.find("must be ");
    ASSERT_NE(list, std::string::npos) << error;
    EXPECT_THAT(LineOfHelp(flag), HasSubstr(error.substr(list + 8)));
    for (const std::string& word : words) {
      EXPECT_THAT(error.substr(list), HasSubstr(word)) << flag;
      EXPECT_TRUE(ParseOptions({flag + "=" + word}).ok()) << flag << " " << word;
    }
  }
}

TEST(DaemonOptionsTest, HelpNamesTheBackendsThatThisSystemHas) {
  auto options = ParseOptions({"--backend=bogus"});
  ASSERT_TRUE(options.ok());
  std::string names(CheckOptions(*options).message());
  names = names.substr(names.find("must be "));  // Each of them in quotes.
  std::size_t count = 0;
  for (std::size_t at = 0; (at = names.find('"', at)) != std::string::npos; ++count) {
    const std::size_t end = names.find('"', at + 1);
    EXPECT_THAT(LineOfHelp("--backend"), HasSubstr(names.substr(at + 1, end - at - 1)));
    at = end + 1;
  }
  EXPECT_GE(count, 2u) << names;
}

TEST(DaemonOptionsTest, HelpSaysWhatSignalsDo) {
  for (const char* text :
       {"(SIGINT), SIGTERM, SIGHUP", "A second signal ends it at once", "nohup"}) {
    EXPECT_THAT(HelpText(), HasSubstr(text));
  }
}

TEST(DaemonOptionsTest, WhateverTheFlagsAllowTheLibraryAllowsToo) {
  for (const std::string flag : {"--max-message=64KiB",
                                 "--max-message=2147483647",
                                 "--max-packet=64KiB",
                                 "--max-packet=256KiB",
                                 "--max-calls=16",
                                 "--max-calls=1000000",
                                 "--worker-threads=4096",
                                 "--event-loops=64",
                                 "--max-connections-per-user=1",
                                 "--max-connections-per-user=4294967295",
                                 "--max-connections-before-hello=1",
                                 "--max-connections-before-hello=4294967295",
                                 "--hello-timeout=1ms",
                                 "--hello-timeout=876000h",
                                 "--message-timeout=1ms",
                                 "--message-timeout=876000h",
                                 "--worker-queue=0",
                                 "--worker-queue=4294967295",
                                 "--max-metadata=8KiB",
                                 "--max-metadata=16KiB",
                                 "--stream-credit=64KiB",
                                 "--stream-credit=4294967295",
                                 "--output-queue=128KiB",
                                 "--output-queue=4294967295",
                                 "--parse-budget=4MiB",
                                 "--parse-budget=1024GiB",
                                 "--parse-budget-per-connection=4MiB",
                                 "--parse-budget-per-connection=256MiB",
                                 "--parse-budget-per-user=4MiB",
                                 "--parse-budget-per-user=256MiB",
                                 "--reply-budget=64KiB",
                                 "--reply-budget=1024GiB"}) {
    const auto options = ParseOptions({"--max-connections=4294967295", flag});
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_TRUE(CheckOptions(*options).ok()) << flag << CheckOptions(*options);
  }
}

TEST(DaemonOptionsTest, WhatOnlyTheLibraryCanTellIsTold) {
  const std::pair<const char*, const char*> cases[] = {
      {"--backend=bogus", "bogus"}, {"--access=raw:no", "no"}, {"--endpoint=a b", "a b"}};
  for (const auto& [flag, text] : cases) {
    const auto options = ParseOptions({flag});
    ASSERT_TRUE(options.ok()) << options.status();
    const absl::Status status = CheckOptions(*options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << flag;
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  }
}

TEST(LogWriterTest, ARecordIsOneJsonObject) {
  const LogRecord record{LogLevel::kWarning, "call aborted", {{"call", "a.B/C \"x\"\n"}}};
  EXPECT_EQ(FormatRecord(record, "T"),
            R"({"time":"T","level":"warning","event":"call aborted","call":"a.B/C \"x\"\u000a"})");
}

// A reader of the log that reads nothing until it is told to.
class SlowReader {
 public:
  LineOutput::Sink sink() {
    return [this](std::string_view bytes) {
      gone_on_.wait();
      text_ += bytes;
      return std::error_code();
    };
  }
  void GoOn() { go_on_.set_value(); }
  const std::string& text() const { return text_; }  // After a flush.

 private:
  std::promise<void> go_on_;
  const std::shared_future<void> gone_on_ = go_on_.get_future().share();
  std::string text_;
};

constexpr std::chrono::minutes kLong{1};

TEST(LineOutputTest, TellsWhyALineWasNotWritten) {
  const auto full = std::make_error_code(std::errc::no_space_on_device);
  LineOutput output([&](std::string_view) { return full; }, 100);
  ASSERT_TRUE(output.Write("line\n"));
  const absl::Status status = output.Flush(kLong);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(full.message()));
}

TEST(LineOutputTest, TellsASlowReaderFromOneThatIsWell) {
  SlowReader reader;
  LineOutput output(reader.sink(), 100);
  ASSERT_TRUE(output.Write("line\n"));
  EXPECT_EQ(output.Flush(std::chrono::milliseconds(0)).code(), absl::StatusCode::kDeadlineExceeded);
  reader.GoOn();
  EXPECT_TRUE(output.Flush(kLong).ok());
}

TEST(LogWriterTest, NeverWaitsForWhoReadsItAndTellsHowManyLinesWereDropped) {
  SlowReader reader;
  LogWriter log(reader.sink(), LogLevel::kInfo);
  const std::string large(LogWriter::kQueueBytes / 4, 'x');
  for (int i = 0; i < 10; ++i) log.Write({LogLevel::kInfo, "much", {{"text", large}}});
  EXPECT_FALSE(log.Finish(std::chrono::milliseconds(0)));
  reader.GoOn();
  ASSERT_TRUE(log.Finish(kLong));
  log.Write({LogLevel::kInfo, "next", {}});
  ASSERT_TRUE(log.Finish(kLong));
  EXPECT_THAT(reader.text(), HasSubstr(R"("event":"log lines dropped","dropped":"7"})"));
  EXPECT_THAT(reader.text(), HasSubstr(R"("event":"next"})"));
}

// Strangers can cause any of them as often as they like, such as logins that they cancel.
TEST(LogWriterTest, LeavesOutLinesOfOneEventAboveALimitWhateverTheirLevelAndCountsThem) {
  for (const LogLevel level : {LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    SlowReader reader;
    reader.GoOn();
    LogWriter log(reader.sink(), LogLevel::kInfo);
    LogWriter::TimePoint now{std::chrono::hours(1)};
    const std::size_t many = LogWriter::kLinesPerWindow + 5;
    for (std::size_t i = 0; i < many; ++i) log.WriteLimited({level, "bad", {}}, now);
    log.WriteLimited({level, "other", {}}, now);
    now += LogWriter::kWindow;
    for (std::size_t i = 0; i < many; ++i) log.WriteLimited({level, "bad", {}}, now);
    ASSERT_TRUE(log.Finish(kLong));
    std::size_t lines = 0;
    for (const char c : reader.text()) lines += c == '\n' ? 1 : 0;
    EXPECT_EQ(lines, 2 * LogWriter::kLinesPerWindow + 2);
    EXPECT_THAT(reader.text(), HasSubstr(R"("event":"other"})"));
    EXPECT_THAT(reader.text(), HasSubstr(R"("event":"bad","left_out":"5"})"));
    EXPECT_THAT(reader.text(), HasSubstr(R"("of":"bad","left_out":"5"})"));
  }
}

TEST(LogWriterTest, LinesAboutOneUserLeaveRoomForThoseAboutAnother) {
  SlowReader reader;
  reader.GoOn();
  LogWriter log(reader.sink(), LogLevel::kInfo);
  LogWriter::TimePoint now{std::chrono::hours(1)};
  const std::size_t many = LogWriter::kLinesPerWindow + 5;
  for (std::size_t i = 0; i < many; ++i) {
    log.WriteLimited({LogLevel::kWarning, "bad", {{"peer_user", "loud"}}}, now);
  }
  log.WriteLimited({LogLevel::kWarning, "bad", {{"peer_user", "quiet"}}}, now);
  ASSERT_TRUE(log.Finish(kLong));
  EXPECT_THAT(reader.text(), HasSubstr(R"("peer_user":"quiet"})"));
  EXPECT_THAT(reader.text(), HasSubstr(R"("of":"bad","left_out":"5","peer_user":"loud"})"));
}

// What is known of them is not kept until the end.
TEST(LogWriterTest, UsersWhoComeAndGoAreForgotten) {
  SlowReader reader;
  reader.GoOn();
  LogWriter log(reader.sink(), LogLevel::kInfo);
  LogWriter::TimePoint now{std::chrono::hours(1)};
  const auto write = [&](const std::string& user) {
    log.WriteLimited({LogLevel::kWarning, "bad", {{"peer_user", user}}}, now);
  };
  for (std::size_t i = 0; i < LogWriter::kLinesPerWindow + 5; ++i) write("loud");
  now += LogWriter::kWindow;
  for (int user = 0; user < 2000; ++user) write(std::to_string(user));
  write("last");
  ASSERT_TRUE(log.Finish(kLong));
  const std::string text = reader.text();
  const std::size_t counted = text.find(R"("of":"bad","left_out":"5","peer_user":"loud"})");
  EXPECT_NE(counted, std::string::npos);
  EXPECT_LT(counted, text.find(R"("peer_user":"last"})"));
}

// The lines of the log after such a shutdown.
std::string LogOf(const ShutdownReport& report) {
  SlowReader reader;
  reader.GoOn();
  LogWriter log(reader.sink(), LogLevel::kInfo);
  LogReport(log, report);
  EXPECT_TRUE(log.Finish(kLong));
  return reader.text();
}

TEST(ShutdownLogTest, NamesEachThatDidNotEndInTimeAndCountsThem) {
  const std::string text = LogOf({.status = absl::OkStatus(),
                                  .stopped = {"a.B/C"},
                                  .aborted = {"a.B/D", "a.B/E"},
                                  .undelivered = {"pid 3, 100 bytes"},
                                  .delayed = {"event loop 1 of 2"},
                                  .blocked = {"event loop 2 of 2"}});
  for (const char* line : {
           R"("warning","event":"call stopped","call":"a.B/C"})",
           R"("warning","event":"call aborted","call":"a.B/D"})",
           R"("warning","event":"call aborted","call":"a.B/E"})",
           R"("warning","event":"replies were not read","client":"pid 3, 100 bytes"})",
           R"("warning","event":"loop delayed","loop":"event loop 1 of 2"})",
           R"("warning","event":"thread blocked","thread":"event loop 2 of 2"})",
           R"("ended","stopped":"1","aborted":"2","undelivered":"1","delayed":"1","blocked":"1"})",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(ShutdownLogTest, SaysWhyThereWasNone) {
  ShutdownReport report;
  report.status = absl::FailedPreconditionError("never started");
  const std::string text = LogOf(report);
  EXPECT_THAT(text, HasSubstr(R"("level":"error","event":"not shut down")"));
  EXPECT_THAT(text, HasSubstr("never started"));
}

TEST(LibraryLogTest, ALineOfProtobufBecomesARecord) {
  std::vector<std::string> lines;
  {
    const tools::LibraryLog library_log(
        [&](const LogRecord& record) { lines.push_back(FormatRecord(record, "T")); });
    notify::v1::PublishRequest request;
    EXPECT_FALSE(request.ParseFromString("\x0a\x01\xff"));  // A text that is not UTF-8.
  }
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr(R"("event":"protobuf","message":)"));
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
