// What the server's statistics say, for people; programs call piperpc.v1.StatsService themselves.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "piperpc/v1/stats.piperpc.h"
#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/table.h"

namespace piperpc::cli {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

template <typename Counts>
std::uint64_t SumOf(const Counts& counts) {
  std::uint64_t sum = 0;
  for (const v1::CodeCount& each : counts) sum += each.count();
  return sum;
}

template <typename Counts>
std::uint64_t FailuresOf(const Counts& counts) {
  std::uint64_t sum = 0;
  for (const v1::CodeCount& each : counts) sum += each.code() == "OK" ? 0 : each.count();
  return sum;
}

// What a server says may be any number.
template <typename Time>
std::string AnyTimeText(std::uint64_t count) {
  constexpr std::uint64_t kMost =
      std::chrono::duration_cast<Time>(std::chrono::hours(24) * 36500).count();
  return TimeText(Time(static_cast<std::int64_t>(std::min(count, kMost))));
}

std::string BudgetText(const v1::Budget& budget) {
  return absl::StrCat(BytesText(budget.used()), " of ", BytesText(budget.limit()));
}

std::string ConnectionsText(const v1::ListConnectionsResponse& response) {
  Table table({"PID", "USER", "CONNECTED", "CALLS", "RECEIVED", "SENT"});
  for (const v1::Connection& each : response.connections()) {
    table.Add({absl::StrCat(each.pid()), each.user(), AnyTimeText<milliseconds>(each.age_ms()),
               absl::StrCat(each.calls()), BytesText(each.bytes_received()),
               BytesText(each.bytes_sent())});
  }
  return table.Text();
}

// Methods that were never called are left out.
std::string MethodsText(const v1::GetMetricsResponse& metrics) {
  Table table({"METHOD", "CALLS", "NOW", "FAILED", "P50", "P90", "P99", "RECEIVED", "SENT"});
  for (const v1::MethodStats& each : metrics.methods()) {
    if (each.started() == 0) continue;
    table.Add({each.method(), absl::StrCat(each.started()), absl::StrCat(each.in_flight()),
               absl::StrCat(FailuresOf(each.ended())), AnyTimeText<microseconds>(each.p50_us()),
               AnyTimeText<microseconds>(each.p90_us()), AnyTimeText<microseconds>(each.p99_us()),
               BytesText(each.bytes_received()), BytesText(each.bytes_sent())});
  }
  return table.Text();
}

std::string TotalsText(const v1::GetMetricsResponse& metrics) {
  return absl::StrCat("connections  ", metrics.connections_opened(), " accepted, ",
                      SumOf(metrics.connections_refused()), " refused\n", "calls        ",
                      SumOf(metrics.refused_calls()), " refused\n", "memory       requests ",
                      BudgetText(metrics.request_memory()), ", replies ",
                      BudgetText(metrics.reply_memory()));
}

Outcome Explained(const absl::Status& status) {
  Outcome outcome(status);
  if (absl::IsUnimplemented(status)) {
    outcome.Advise(
        "this server tells no statistics; it does with BuiltinServices({.stats = true})");
  }
  return outcome;
}

}  // namespace

Outcome Status(Program& program, const Words&, const CommandDeadline& deadline) {
  Connection& connection = program.connection;
  if (Outcome waited = connection.AwaitServer(deadline); !waited.ok()) return waited;
  v1::StatsClient stats(connection.channel());
  const auto connections = stats.ListConnections({}, connection.OptionsOf(deadline));
  if (!connections.ok()) return Explained(connections.status());
  const auto metrics = stats.GetMetrics({}, connection.OptionsOf(deadline));
  if (!metrics.ok() && !absl::IsFailedPrecondition(metrics.status())) return metrics.status();

  const std::optional<Peer> server = connection.channel()->peer();
  std::vector<std::string> parts;
  if (server.has_value()) {
    parts.push_back(absl::StrCat("server       pid ", server->pid, ", ", server->user));
  }
  parts.push_back(metrics.ok() ? TotalsText(*metrics)
                               : "metrics      none: this server counts nothing");
  parts.push_back(absl::StrCat("\n", ConnectionsText(*connections)));
  if (metrics.ok()) parts.push_back(absl::StrCat("\n", MethodsText(*metrics)));
  return program.output.WriteLine(absl::StrJoin(parts, "\n"));
}

}  // namespace piperpc::cli
