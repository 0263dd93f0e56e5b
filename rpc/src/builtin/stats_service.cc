#include "src/builtin/stats_service.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "piperpc/peer.h"

namespace piperpc::builtin {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using CodeCounts = google::protobuf::RepeatedPtrField<v1::CodeCount>;

// The server's own user may look into its process anyhow, and so may root.
bool SeesAll(const Peer& caller) { return caller.user == OwnPeer().user || caller.user == "uid:0"; }

void Set(const ConnectionInfo& info, v1::Connection& connection) {
  const auto age = duration_cast<milliseconds>(steady_clock::now() - info.opened);
  connection.set_pid(info.peer.pid);
  connection.set_user(info.peer.user);
  connection.set_group(info.peer.group);
  connection.set_age_ms(static_cast<std::uint64_t>(std::max<std::int64_t>(age.count(), 0)));
  connection.set_calls(info.calls);
  connection.set_bytes_received(info.bytes_received);
  connection.set_bytes_sent(info.bytes_sent);
}

// Those that have never come are left out.
void Set(const CountsByCode& counts, CodeCounts& list) {
  for (std::size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] == 0) continue;
    v1::CodeCount& entry = *list.Add();
    entry.set_code(absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
    entry.set_count(counts[code]);
  }
}

void Set(const BudgetMetrics& metrics, v1::Budget& budget) {
  budget.set_used(metrics.used);
  budget.set_limit(metrics.limit);
}

std::uint64_t Microseconds(const LatencyHistogram& latency, double part) {
  return static_cast<std::uint64_t>(latency.Quantile(part).count());
}

void Set(const MethodMetrics& metrics, v1::MethodStats& stats) {
  stats.set_method(metrics.method);
  stats.set_started(metrics.started);
  stats.set_in_flight(metrics.in_flight());
  Set(metrics.ended, *stats.mutable_ended());
  stats.set_p50_us(Microseconds(metrics.latency, 0.5));
  stats.set_p90_us(Microseconds(metrics.latency, 0.9));
  stats.set_p99_us(Microseconds(metrics.latency, 0.99));
  stats.set_messages_received(metrics.messages_received);
  stats.set_messages_sent(metrics.messages_sent);
  stats.set_bytes_received(metrics.bytes_received);
  stats.set_bytes_sent(metrics.bytes_sent);
}

// Adds limits to a response.
class Limits {
 public:
  explicit Limits(v1::GetLimitsResponse& response) : response_(response) {}

  void Count(std::string_view name, std::size_t value) { Add(name, value, ""); }
  void Bytes(std::string_view name, std::size_t value) { Add(name, value, "bytes"); }
  void Time(std::string_view name, milliseconds value) {
    Add(name, static_cast<std::uint64_t>(value.count()), "ms");
  }

 private:
  void Add(std::string_view name, std::uint64_t value, const char* unit) {
    v1::Limit& limit = *response_.add_limits();
    limit.set_name(std::string(name));
    limit.set_value(value);
    limit.set_unit(unit);
  }

  v1::GetLimitsResponse& response_;
};

}  // namespace

absl::StatusOr<v1::ListConnectionsResponse> StatsServiceImpl::ListConnections(
    ServerContext& context, const v1::ListConnectionsRequest&) {
  const auto infos = server_->ListConnections();
  if (!infos.ok()) return infos.status();
  const bool all = SeesAll(context.peer());
  v1::ListConnectionsResponse response;
  for (const ConnectionInfo& info : *infos) {
    if (all || info.peer.user == context.peer().user) Set(info, *response.add_connections());
  }
  return response;
}

absl::StatusOr<MetricsSnapshot> StatsServiceImpl::ReadMetrics() const {
  const auto& metrics = server_->options().metrics;
  if (metrics != nullptr) return metrics->Read();
  return absl::FailedPreconditionError(
      "this server counts nothing; it does where ServerOptions::metrics is set");
}

absl::StatusOr<v1::GetMetricsResponse> StatsServiceImpl::GetMetrics(ServerContext&,
                                                                    const v1::GetMetricsRequest&) {
  const auto snapshot = ReadMetrics();
  if (!snapshot.ok()) return snapshot.status();
  v1::GetMetricsResponse response;
  for (const MethodMetrics& method : snapshot->server) Set(method, *response.add_methods());
  Set(snapshot->refused_calls, *response.mutable_refused_calls());
  response.set_connections_opened(snapshot->connections_opened);
  Set(snapshot->connections_closed, *response.mutable_connections_closed());
  Set(snapshot->connections_refused, *response.mutable_connections_refused());
  Set(snapshot->request_memory, *response.mutable_request_memory());
  Set(snapshot->reply_memory, *response.mutable_reply_memory());
  return response;
}

absl::StatusOr<v1::GetPrometheusTextResponse> StatsServiceImpl::GetPrometheusText(
    ServerContext&, const v1::GetPrometheusTextRequest&) {
  const auto snapshot = ReadMetrics();
  if (!snapshot.ok()) return snapshot.status();
  v1::GetPrometheusTextResponse response;
  response.set_text(PrometheusText(*snapshot));
  return response;
}

absl::StatusOr<v1::GetLimitsResponse> StatsServiceImpl::GetLimits(ServerContext&,
                                                                  const v1::GetLimitsRequest&) {
  const ServerOptions& options = server_->options();
  v1::GetLimitsResponse response;
  Limits limits(response);
  limits.Count("max_connections", options.max_connections);
  limits.Count("max_connections_per_user", options.max_connections_per_user);
  limits.Count("max_connections_before_hello", options.max_connections_before_hello);
  limits.Time("hello_timeout", options.hello_timeout);
  limits.Bytes("max_packet_bytes", options.max_packet_bytes);
  limits.Bytes("max_message_bytes", options.max_message_bytes);
  limits.Bytes("max_metadata_bytes", options.max_metadata_bytes);
  limits.Count("max_calls_per_connection", options.max_calls_per_connection);
  limits.Bytes("stream_credit_bytes", options.stream_credit_bytes);
  limits.Bytes("output_queue_bytes", options.output_queue_bytes);
  limits.Bytes("parse_budget_bytes", options.parse_budget_bytes);
  limits.Bytes("parse_budget_per_connection", options.parse_budget_per_connection);
  limits.Bytes("parse_budget_per_user", options.parse_budget_per_user);
  limits.Bytes("reply_budget_bytes", options.reply_budget_bytes);
  limits.Time("message_timeout", options.message_timeout);
  limits.Count("worker_threads", options.worker_threads);
  limits.Count("worker_queue", options.worker_queue);
  return response;
}

}  // namespace piperpc::builtin
