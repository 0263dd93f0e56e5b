#include "src/client/options.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/base/ranges.h"
#include "src/client/io_thread.h"
#include "src/client/retry_rules.h"
#include "src/transport/pipe.h"
#include "src/wire/limits.h"

namespace piperpc::client {
namespace {

constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();

absl::Status CheckIoThread(const ChannelOptions& options) {
  if (options.io_thread == nullptr || options.transport == nullptr) return absl::OkStatus();
  if (&options.io_thread->transport() == &options.transport->loops()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "channel option io_thread is of another transport than channel option transport; start the "
      "IoThread with that transport, or leave one of the two out");
}

// Null: the system's.
transport::Transport* GivenTransport(const ChannelOptions& options) {
  if (options.transport != nullptr || options.io_thread == nullptr) return options.transport;
  return &options.io_thread->transport();
}

// As most channels have it, which is looked at no further.
bool IsUsual(const RetryOptions& options) {
  return options.policies.empty() && options.token_ratio == RetryOptions().token_ratio;
}

absl::Status CallOptionTooSmall(std::string_view name, std::chrono::milliseconds value,
                                std::uint64_t least) {
  const base::Range range = {name, value.count(), least, kAny};
  return base::CheckRanges("call", {&range, 1});
}

}  // namespace

absl::Status CheckOptions(const ChannelOptions& options) {
  const base::Range ranges[] = {
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
      {"retry.max_tokens", options.retry.max_tokens, 3, 1'000'000},
      base::SpinRange(options.spin),
  };
  absl::Status status = base::CheckRanges("channel", ranges);
  status.Update(base::CheckPointers("channel", "middleware", options.middleware));
  status.Update(CheckIoThread(options));
  if (!IsUsual(options.retry)) status.Update(CheckRetryOptions(options.retry));
  return status;
}

absl::StatusOr<transport::Place> CheckPlace(std::string_view endpoint,
                                            const ChannelOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  return transport::FindPlace(endpoint, GivenTransport(options), options.backend,
                              options.allow_unprotected_abstract_socket);
}

absl::StatusOr<transport::Place> CheckPlaceOver(OpenSocket socket, ChannelOptions& options,
                                                std::shared_ptr<transport::Transport>& over) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (socket.kind() != OpenSocket::Kind::kConnected) {
    return absl::InvalidArgumentError(
        absl::StrCat(socket.ToString(),
                     " is listening; a channel needs a socket that is connected. Serve this one "
                     "with Server::StartOn()"));
  }
  absl::StatusOr<transport::Transport*> base = GivenTransport(options);
  if (*base == nullptr) base = transport::SystemTransport(options.backend);
  if (!base.ok()) return base.status();
  std::vector<OpenSocket> sockets;
  sockets.push_back(std::move(socket));
  auto made = (*base)->Over(std::move(sockets));
  if (!made.ok()) return made.status();
  over = *std::move(made);
  options.transport = over.get();
  return transport::FindPlace("", over.get(), options.backend, false);
}

absl::StatusOr<CallTimes> TimesOf(const ChannelOptions& channel, const CallOptions& call,
                                  bool stream, base::TimePoint now) {
  if (call.timeout && call.timeout->count() <= 0) {
    return CallOptionTooSmall("timeout (ms)", *call.timeout, 1);
  }
  if (call.wait_for_ready && call.wait_for_ready->count() < 0) {
    return CallOptionTooSmall("wait_for_ready (ms)", *call.wait_for_ready, 0);
  }
  const base::TimePoint usual = base::After(call.timeout.value_or(channel.default_timeout), now);
  const base::TimePoint ready =
      base::After(call.wait_for_ready.value_or(channel.wait_for_ready), now);
  const base::TimePoint wait_until = std::min(ready, usual);
  return CallTimes{.begun = now,
                   .deadline = stream && !call.timeout ? base::kNever : usual,
                   .connect_deadline = usual,
                   .wait_until = wait_until,
                   .wait = wait_until - now};
}

}  // namespace piperpc::client
