#include "src/server/options.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "src/base/ranges.h"
#include "src/transport/pipe.h"
#include "src/wire/limits.h"

namespace piperpc::server {
namespace {

// Descriptors for all but connections: loops, clients that are refused, and what handlers open.
constexpr std::size_t kOtherDescriptors = 128;

constexpr std::uint64_t kAnyMilliseconds = std::numeric_limits<std::int64_t>::max();

// A quarter of `budget` for one connection, three for one user; a message fits, whatever is set.
std::size_t Quarters(std::size_t quarters, std::size_t budget, const ServerOptions& options) {
  return std::max(budget / 4 * quarters, options.max_message_bytes);
}

std::size_t PerConnection(const ServerOptions& options) {
  if (options.parse_budget_per_connection != 0) return options.parse_budget_per_connection;
  return Quarters(1, options.parse_budget_bytes, options);
}

std::size_t PerUser(const ServerOptions& options) {
  if (options.parse_budget_per_user != 0) return options.parse_budget_per_user;
  return Quarters(3, options.parse_budget_bytes, options);
}

// One message fits, whatever is set.
std::size_t WithRoom(std::size_t bytes, const ServerOptions& options) {
  return std::max(bytes, options.max_message_bytes + kMessageOverhead);
}

}  // namespace

std::size_t ParseBudget(const ServerOptions& options) {
  return WithRoom(options.parse_budget_bytes, options);
}

std::size_t ConnectionShare(const ServerOptions& options) {
  return WithRoom(PerConnection(options), options);
}

std::size_t UserShare(const ServerOptions& options) { return WithRoom(PerUser(options), options); }

std::size_t ReplyBudget(const ServerOptions& options) {
  return std::max(options.reply_budget_bytes, options.max_message_bytes);
}

std::size_t ReplyShare(const ServerOptions& options) {
  return Quarters(1, options.reply_budget_bytes, options);
}

std::size_t UserReplyShare(const ServerOptions& options) {
  return Quarters(3, options.reply_budget_bytes, options);
}

absl::Status CheckOptions(const ServerOptions& options) {
  const base::Range ranges[] = {
      {"event_loops", options.event_loops, 1, 64},
      {"max_connections", options.max_connections, 1},
      {"max_connections_per_user", options.max_connections_per_user, 1},
      {"max_connections_before_hello", options.max_connections_before_hello, 1},
      {"hello_timeout (ms)", options.hello_timeout.count(), 1, kAnyMilliseconds},
      {"max_packet_bytes", options.max_packet_bytes, wire::kEarlyPacketBytes,
       transport::kMaxPacketBytes},
      {"max_message_bytes", options.max_message_bytes, wire::kEarlyMessageBytes,
       wire::kMaxMessageBytes},
      {"max_metadata_bytes", options.max_metadata_bytes, wire::kEarlyMetadataBytes,
       wire::kMaxMetadataBytes},
      {"max_calls_per_connection", options.max_calls_per_connection, wire::kEarlyCalls, 1'000'000},
      {"stream_credit_bytes", options.stream_credit_bytes, wire::kEarlyCredit},
      {"output_queue_bytes", options.output_queue_bytes, options.max_packet_bytes},
      {"parse_budget_bytes", options.parse_budget_bytes, options.max_message_bytes,
       std::numeric_limits<std::uint64_t>::max()},
      {"parse_budget_per_connection", PerConnection(options), options.max_message_bytes,
       options.parse_budget_bytes},
      {"parse_budget_per_user", PerUser(options), options.max_message_bytes,
       options.parse_budget_bytes},
      {"reply_budget_bytes", options.reply_budget_bytes, 1,
       std::numeric_limits<std::uint64_t>::max()},
      {"message_timeout (ms)", options.message_timeout.count(), 1, kAnyMilliseconds},
      {"worker_threads", options.worker_threads, 1, 4096},
      base::SpinRange(options.spin),
  };
  absl::Status status = base::CheckRanges("server", ranges);
  status.Update(base::CheckPointers("server", "middleware", options.middleware));
  return status;
}

bool FitConnections(std::size_t capacity, ServerOptions& options) {
  const std::size_t others = std::min(kOtherDescriptors, capacity / 2);
  const std::size_t most = std::max<std::size_t>(capacity - others, 1);
  if (options.max_connections <= most) return false;
  options.max_connections = most;
  const std::size_t share = std::max<std::size_t>(most / 4 * 3, 1);
  options.max_connections_per_user = std::min(options.max_connections_per_user, share);
  return true;
}

}  // namespace piperpc::server
