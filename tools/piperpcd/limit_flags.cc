#include "tools/piperpcd/limit_flags.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::daemon {
namespace {

using tools::FlagSet;
using tools::FlagValue;
using tools::Noting;
using tools::SetDuration;
using tools::SetNumber;
using tools::SetSize;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kTiB = kKiB * kKiB * kKiB * kKiB;
constexpr std::size_t kLargestMessage = std::numeric_limits<std::int32_t>::max();
constexpr std::chrono::milliseconds kLeastTime{1};

constexpr char kMaxMessage[] = "--max-message";
constexpr char kParseBudget[] = "--parse-budget";

void AddConnectionFlags(FlagSet& flags, ServerOptions& server, GivenLimits& given) {
  flags.Add("max-connections", "N", "maximum of connections at once",
            SetNumber(server.max_connections, 1, kMany));
  flags.Add(
      "max-connections-per-user", "N", "maximum of connections at once of one system user",
      Noting(SetNumber(server.max_connections_per_user, 1, kMany), given.connections_per_user));
  flags.Add("max-connections-before-hello", "N",
            "maximum of connections of an event loop that have sent no Hello",
            SetNumber(server.max_connections_before_hello, 1, kMany));
  flags.Add("hello-timeout", "DURATION", "how long a client may take to send its Hello",
            SetDuration(server.hello_timeout, kLeastTime));
}

void AddMessageFlags(FlagSet& flags, ServerOptions& server) {
  flags.Add("max-calls", "N", "maximum of calls in flight on a connection",
            SetNumber(server.max_calls_per_connection, 16, 1'000'000));
  flags.Add("max-message", "SIZE", "size of the largest request",
            SetSize(server.max_message_bytes, 64 * kKiB, kLargestMessage));
  flags.Add("max-packet", "SIZE", "size of the largest packet",
            SetSize(server.max_packet_bytes, 64 * kKiB, 256 * kKiB));
  flags.Add("max-metadata", "SIZE", "size of the metadata of a request, at most",
            SetSize(server.max_metadata_bytes, 8 * kKiB, 16 * kKiB));
  flags.Add("message-timeout", "DURATION",
            "how long a client may take to send a large message, and 1s more per MiB",
            SetDuration(server.message_timeout, kLeastTime));
}

void AddQueueFlags(FlagSet& flags, ServerOptions& server) {
  flags.Add("stream-credit", "SIZE", "how much of a stream of requests may wait for its handler",
            SetSize(server.stream_credit_bytes, 64 * kKiB, kMany));
  flags.Add("output-queue", "SIZE", "how much may wait for a client until no more is read from it",
            SetSize(server.output_queue_bytes, 64 * kKiB, kMany));
}

// A share depends on the whole, so its default is said in words.
FlagValue SetShare(std::string_view initial, std::size_t& target) {
  FlagValue value = SetSize(target, 64 * kKiB, kTiB);
  value.initial = initial;
  return value;
}

void AddBudgetFlags(FlagSet& flags, ServerOptions& server, GivenLimits& given) {
  FlagValue budget = SetSize(server.parse_budget_bytes, 64 * kKiB, kTiB);
  flags.Add("parse-budget", "SIZE", "memory for what clients send, of all together",
            Noting(std::move(budget), given.parse_budget));
  flags.Add("parse-budget-per-connection", "SIZE", "how much of it one connection may use",
            SetShare("a quarter", server.parse_budget_per_connection));
  flags.Add("parse-budget-per-user", "SIZE", "how much of it one system user may use",
            SetShare("three quarters", server.parse_budget_per_user));
  flags.Add("reply-budget", "SIZE", "memory for replies that clients have not read",
            SetSize(server.reply_budget_bytes, 64 * kKiB, kTiB));
}

absl::Status CheckFits(std::string_view least_flag, std::size_t least, std::string_view flag,
                       std::size_t value) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(flag), ": ", value, " is less than ",
                                                 std::string(least_flag), ", which is ", least,
                                                 ": raise the one or lower the other"));
}

// 0: it was not given.
absl::Status CheckPart(std::string_view flag, std::size_t part, const ServerOptions& server) {
  if (part == 0) return absl::OkStatus();
  absl::Status status = CheckShare(flag, part, kParseBudget, server.parse_budget_bytes);
  status.Update(CheckFits(kMaxMessage, server.max_message_bytes, flag, part));
  return status;
}

}  // namespace

void AddLimitFlags(FlagSet& flags, ServerOptions& server, GivenLimits& given) {
  AddConnectionFlags(flags, server, given);
  AddMessageFlags(flags, server);
  AddQueueFlags(flags, server);
  AddBudgetFlags(flags, server, given);
}

void FitBudget(const GivenLimits& given, ServerOptions& server) {
  if (given.parse_budget) return;
  constexpr std::size_t kFew = 4;
  server.parse_budget_bytes = std::max(server.parse_budget_bytes, kFew * server.max_message_bytes);
}

absl::Status CheckShare(std::string_view part_flag, std::size_t part, std::string_view whole_flag,
                        std::size_t whole) {
  if (part <= whole) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(part_flag), ": ", part, " is more than ", std::string(whole_flag),
                   " allows in all, which is ", whole, ": lower the one or raise the other"));
}

absl::Status CheckLimits(const GivenLimits& given, const ServerOptions& server) {
  absl::Status status;
  if (given.connections_per_user) {
    status = CheckShare("--max-connections-per-user", server.max_connections_per_user,
                        "--max-connections", server.max_connections);
  }
  status.Update(CheckFits("--max-packet", server.max_packet_bytes, "--output-queue",
                          server.output_queue_bytes));
  status.Update(
      CheckFits(kMaxMessage, server.max_message_bytes, kParseBudget, server.parse_budget_bytes));
  status.Update(
      CheckPart("--parse-budget-per-connection", server.parse_budget_per_connection, server));
  status.Update(CheckPart("--parse-budget-per-user", server.parse_budget_per_user, server));
  return status;
}

}  // namespace piperpc::daemon
