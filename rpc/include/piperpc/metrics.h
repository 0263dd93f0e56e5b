// Counts what servers and channels do: calls by method and status, how long they take, messages and
// bytes, connections. For dashboards and alarms.
//
//     auto metrics = std::make_shared<piperpc::Metrics>();
//     piperpc::Server server({.metrics = metrics});
//     ...
//     std::string text = piperpc::PrometheusText(metrics->Read());
//
// One object may be given to several servers and channels, whose numbers are added up then. Counts
// only grow, and start at 0 with the object.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/export.h"

namespace piperpc {

namespace metrics {
class Registry;
}

// How many calls took how long. The bounds are powers of two, from 16 us to 33.6 s, so a quantile
// is right within a factor of two.
struct PIPERPC_EXPORT LatencyHistogram {
  static constexpr std::size_t kBounds = 22;
  static constexpr std::chrono::microseconds Bound(std::size_t index) {
    return std::chrono::microseconds(std::int64_t{16} << index);
  }

  // At [i]: calls that took at most Bound(i), and longer than the bound before it. The last one:
  // longer than all bounds.
  std::array<std::uint64_t, kBounds + 1> counts{};
  std::chrono::microseconds sum{};  // Of the times of all these calls.

  std::uint64_t count() const;

  // A bound that `part` (0 to 1) of the calls have not exceeded, such as 0.99. Zero where there are
  // none; Bound(kBounds - 1) where the time is above all bounds.
  std::chrono::microseconds Quantile(double part) const;
};

// Status codes are 0 (OK) to 16 (UNAUTHENTICATED), as in absl::StatusCode.
inline constexpr std::size_t kStatusCodes = 17;
using CountsByCode = std::array<std::uint64_t, kStatusCodes>;

// The calls of one method, on one side. Messages are counted when they are handed to the transport,
// or come from it, before they are parsed; bytes are those of messages, without frames.
struct PIPERPC_EXPORT MethodMetrics {
  std::string method;  // "package.Service/Method"
  std::uint64_t started = 0;
  std::uint64_t retries = 0;  // Attempts of retry policies beyond the first; of channels.
  CountsByCode ended{};       // By status.
  LatencyHistogram latency;   // Of those that have ended.
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;

  std::uint64_t in_flight() const;
};

// Bytes that a budget has given out, and has in all; of several servers, together.
struct BudgetMetrics {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
};

// What was counted until one moment. While calls go on, the numbers are not all of the very same
// moment.
struct PIPERPC_EXPORT MetricsSnapshot {
  // By name. At most kMostMethods of each side have a name of their own; what would be more, and
  // the calls of a catch-all service, are counted as the method "*".
  static constexpr std::size_t kMostMethods = 1000;
  std::vector<MethodMetrics> server;
  std::vector<MethodMetrics> client;

  // Calls that a server has not begun, by the status that their callers got: those of unknown
  // methods (UNIMPLEMENTED), and those above a limit (RESOURCE_EXHAUSTED). They count nowhere else.
  CountsByCode refused_calls{};

  // Connections of servers. Refused ones, by reason, count nowhere else; RESOURCE_EXHAUSTED is a
  // limit. Closed ones count by what the server told the client, OK when it had no reason to end
  // the connection itself.
  std::uint64_t connections_opened = 0;
  CountsByCode connections_closed{};
  CountsByCode connections_refused{};
  std::uint64_t open_connections() const;

  BudgetMetrics request_memory;  // ServerOptions::parse_budget_bytes
  BudgetMetrics reply_memory;    // ServerOptions::reply_budget_bytes
};

// Thread-safe.
class PIPERPC_EXPORT Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // What servers and channels that have this object have done so far. Does not hold them up.
  MetricsSnapshot Read() const;

  metrics::Registry& registry() { return *registry_; }  // The library's own.

 private:
  const std::unique_ptr<metrics::Registry> registry_;
};

// `snapshot` in Prometheus's text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats). Names begin with "piperpc_server_"
// and "piperpc_client_"; what has never happened is left out, but for totals without labels.
PIPERPC_EXPORT std::string PrometheusText(const MetricsSnapshot& snapshot);

// Writes that text to the file at `path`, for a collector of text files, such as node_exporter's,
// which wants names that end in ".prom". Whoever reads sees the old file or the new one, never a
// part. Blocks for as long as the file system takes. Two writers of one path are for the caller to
// keep apart. An error names the path and what the system said; an old file is still there then.
//   INVALID_ARGUMENT: `path` is empty. NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED and other
//   codes: as the system says.
PIPERPC_EXPORT absl::Status WritePrometheusFile(const std::string& path,
                                                const MetricsSnapshot& snapshot);

}  // namespace piperpc
