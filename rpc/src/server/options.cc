#include "src/server/options.h"

#include <cstdint>
#include <limits>

#include "src/session/ranges.h"
#include "src/transport/pipe.h"
#include "src/wire/limits.h"

namespace piperpc::server {

absl::Status CheckOptions(const ServerOptions& options) {
  const auto count = [](auto value) { return static_cast<std::uint64_t>(value); };
  const Range ranges[] = {
      {"event_loops", options.event_loops, 1, 64},
      {"max_connections", options.max_connections, 1},
      {"max_connections_per_user", options.max_connections_per_user, 1},
      {"max_connections_before_hello", options.max_connections_before_hello, 1},
      {"hello_timeout (ms)", count(options.hello_timeout.count()), 1},
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
      {"cancel_window (ms)", count(options.cancel_window.count()), 1},
      {"worker_threads", options.worker_threads, 1, 4096},
      SpinRange(options.spin),
  };
  return CheckRanges("server", ranges);
}

}  // namespace piperpc::server
