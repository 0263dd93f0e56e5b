// What a channel's options and a call's come to.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "piperpc/open_socket.h"
#include "src/base/clock.h"
#include "src/transport/place.h"

namespace piperpc::client {

// INVALID_ARGUMENT names the option that is out of its range, its value and the range.
absl::Status CheckOptions(const ChannelOptions& options);

// What a channel connects to, and by what; or what is wrong with the options or the endpoint.
absl::StatusOr<transport::Place> CheckPlace(std::string_view endpoint,
                                            const ChannelOptions& options);

// The same for a connection that is open already, whatever the endpoint; sets the transport in
// `options`, which `over` keeps alive.
absl::StatusOr<transport::Place> CheckPlaceOver(OpenSocket socket, ChannelOptions& options,
                                                std::shared_ptr<transport::Transport>& over);

// How long a call may take, as points in time.
struct CallTimes {
  base::TimePoint begun;
  base::TimePoint deadline;          // Of the whole call.
  base::TimePoint connect_deadline;  // Of connecting.
  base::TimePoint wait_until;        // Until then it waits for a server that is not there,
  base::Duration wait{};             // for so long.
};

// Of a call that begins `now`. `stream`: without a timeout of its own it has no deadline.
// INVALID_ARGUMENT: a timeout that is not above zero, or a wait_for_ready below it.
absl::StatusOr<CallTimes> TimesOf(const ChannelOptions& channel, const CallOptions& call,
                                  bool stream, base::TimePoint now);

}  // namespace piperpc::client
