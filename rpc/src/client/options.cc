#include "src/client/options.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "src/client/io_thread.h"
#include "src/session/ranges.h"
#include "src/transport/pipe.h"
#include "src/wire/limits.h"

namespace piperpc::client {
namespace {

absl::StatusOr<transport::Transport*> TransportOf(const ChannelOptions& options) {
  if (options.io_thread != nullptr) return &options.io_thread->transport();
  if (options.transport != nullptr) return options.transport;
  return transport::SystemTransport(options.backend);
}

}  // namespace

absl::Status CheckOptions(const ChannelOptions& options) {
  constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();
  const Range ranges[] = {
      {"default_timeout (ms)", options.default_timeout.count(), 1, kAny},
      {"wait_for_ready (ms)", options.wait_for_ready.count(), 0, kAny},
      {"max_packet_bytes", options.max_packet_bytes, wire::kEarlyPacketBytes,
       transport::kMaxPacketBytes},
      {"max_message_bytes", options.max_message_bytes, wire::kEarlyMessageBytes,
       wire::kMaxMessageBytes},
      {"max_metadata_bytes", options.max_metadata_bytes, wire::kEarlyMetadataBytes,
       wire::kMaxMetadataBytes},
      {"stream_credit_bytes", options.stream_credit_bytes, wire::kEarlyCredit, kAny},
      {"output_queue_bytes", options.output_queue_bytes, 1, kAny},
      SpinRange(options.spin),
  };
  absl::Status status = CheckRanges("channel", ranges);
  status.Update(CheckPointers("channel", "middleware", options.middleware));
  return status;
}

absl::StatusOr<Place> CheckPlace(std::string_view endpoint, const ChannelOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  const auto transport = TransportOf(options);
  if (!transport.ok()) return transport.status();
  auto parsed = (*transport)->ParseEndpoint(endpoint);
  if (!parsed.ok()) return parsed.status();
  return Place{*std::move(parsed), *transport};
}

absl::StatusOr<CallTimes> TimesOf(const ChannelOptions& channel, const CallOptions& call,
                                  bool stream) {
  if (call.timeout && call.timeout->count() <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the timeout of a call must be above zero, it is ", call.timeout->count(), " ms"));
  }
  if (call.wait_for_ready && call.wait_for_ready->count() < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("wait_for_ready of a call must be zero or more, it is ",
                     call.wait_for_ready->count(), " ms"));
  }
  const TimePoint now = Clock::now();
  const TimePoint usual = After(call.timeout.value_or(channel.default_timeout), now);
  const TimePoint ready = After(call.wait_for_ready.value_or(channel.wait_for_ready), now);
  return CallTimes{.begun = now,
                   .deadline = stream && !call.timeout ? kNever : usual,
                   .connect_deadline = usual,
                   .wait_until = std::min(ready, usual)};
}

}  // namespace piperpc::client
