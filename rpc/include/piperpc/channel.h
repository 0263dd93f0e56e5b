// A client's way to a server.
//
//     notify::v1::NotifyClient client(piperpc::Connect("demo"));
//     absl::StatusOr<PublishResponse> reply = client.Publish(request, {.timeout = 500ms});
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/log.h"
#include "piperpc/metadata.h"
#include "piperpc/middleware.h"
#include "piperpc/peer.h"

namespace piperpc {

class IoThread;

namespace transport {
class Transport;
}

struct ChannelOptions {
  std::string backend = "auto";  // As in ServerOptions.

  // Who carries the connection (piperpc/io_thread.h); its backend is the channel's then. Null: a
  // thread of the channel's own.
  std::shared_ptr<IoThread> io_thread{};

  // How long a blocked caller, and the channel's own thread, look for more before they sleep. Zero
  // to 10 ms; see ServerOptions.
  std::chrono::microseconds spin{0};

  // How long a call may take that says nothing itself: connecting, waiting in the queue, the reply.
  // Above zero. Streams have no deadline of their own by default; to begin one, which is to connect
  // and to get one of the calls that the server allows at once, has this one all the same. Here as
  // for every other time, milliseconds::max(), or any of 100 years or more, asks for no limit.
  std::chrono::milliseconds default_timeout{30000};

  // How long a call waits for a server that is not there yet, inside its own timeout. Zero: such a
  // call fails at once.
  std::chrono::milliseconds wait_for_ready{0};

  std::size_t max_packet_bytes = 128 * 1024;        // 64 KiB to 256 KiB.
  std::size_t max_message_bytes = 4 * 1024 * 1024;  // Of a reply. 64 KiB to 2 GiB - 1.
  std::size_t max_metadata_bytes = 8 * 1024;        // 8 KiB to 16 KiB.
  std::size_t stream_credit_bytes = 256 * 1024;  // Of a stream of replies, unread. 64 KiB or more.
  std::size_t output_queue_bytes = 1024 * 1024;  // Above it, writers of streams wait. 1 or more.

  std::vector<std::shared_ptr<ClientMiddleware>> middleware{};  // Before(): first to last.
  LogHook log{};

  // Instead of the system's: see piperpc/in_process.h, which says how long it must live.
  transport::Transport* transport = nullptr;
};

// Of one call. All of it is optional.
struct CallOptions {
  std::optional<std::chrono::milliseconds> timeout{};  // For all of the call; more than zero.
  std::optional<std::chrono::milliseconds> wait_for_ready{};  // Zero or more.
  std::stop_token stop{};                                     // Cancels the call.
  Metadata metadata{};                                        // Travels with the request.
  Metadata* trailers =
      nullptr;  // Filled before the call ends, if it is given; must live until then.
};

// One connection, shared by all the calls made on it, opened by the first one and opened again when
// it was lost. Thread-safe. A call that was under way when the connection was lost ends with
// UNAVAILABLE, and is not made again: it may have run. One that the server said it has not looked
// at is.
//
// State that a server ties to the connection, such as a login, goes away with it: see
// connections_made().
//
// What blocks is refused with FAILED_PRECONDITION on the thread of an event loop, be it a channel's
// (in a callback) or a server's (in a handler that is a coroutine): all that is served there would
// wait. Use the form with a callback or co_await there, or RunBlocking().
//
// After fork() a channel that was used before is the parent's alone. In the child its calls, and
// the streams that were opened on it, end at once with FAILED_PRECONDITION (a callback runs in
// place), and its destructor does nothing: make a new channel there. Calls that were under way end
// in the parent only. A child that was made in a callback must not return from it.
class Channel : public internal::ChannelCore {
 public:
  // Connects, unless it is connected. Within `timeout`, which includes the wait for a server that
  // is not there yet. The errors of a connection, also for calls: UNAVAILABLE, no server is there,
  // and the call does not wait for one (any more); DEADLINE_EXCEEDED, the time was over first: the
  // text says at what (waiting for a server, a place in its connection queue, or its Hello);
  // RESOURCE_EXHAUSTED, this process has no more descriptors or threads, or the server has too many
  // connections, of us or of all; PERMISSION_DENIED, the server refused us or is not to be trusted;
  // FAILED_PRECONDITION, something else than a PipeRPC server is behind the endpoint, no protocol
  // version in common, the channel is closed, this is the thread of an event loop, or a child of
  // fork(); INTERNAL, the server broke the protocol. INVALID_ARGUMENT: `timeout` is not above zero.
  virtual absl::Status WaitUntilReady(std::chrono::milliseconds timeout) = 0;

  // Who serves at the other end of the connection; none while there is no connection. Any thread.
  virtual std::optional<Peer> peer() const { return std::nullopt; }

  // How often the channel has connected so far.
  virtual std::size_t connections_made() const = 0;

  // Ends all calls with CANCELLED, and the connection. Later calls end with FAILED_PRECONDITION.
  // Messages of streams that were not read yet are dropped. Also done by the destructor. Both may
  // be called on any thread, and return when all has ended: but not on the thread of any event loop
  // (in a callback, or a handler that is a coroutine) nor in a log hook of the channel. There, what
  // is left of the connection ends on its own loop, and last callbacks may follow.
  //
  // Of the destructor a thread that nobody can wait for does the rest there. From then on the log
  // hook is not called any more, but for a call of it that runs already. To know that nothing of a
  // channel is left, let the last reference go away on a thread of your own.
  virtual void Close() = 0;
};

// INVALID_ARGUMENT: an option is out of its range, this system has no such backend, or `endpoint`
// is none. Connects to nothing, and starts no thread; the backend "auto" finds out, once in a
// process, whether the system has io_uring.
absl::Status CheckChannel(std::string_view endpoint, const ChannelOptions& options);

// A channel to `endpoint`; it does not connect yet. What CheckChannel() says of the endpoint or the
// options is the status of every call.
std::shared_ptr<Channel> Connect(std::string_view endpoint, ChannelOptions options = {});

}  // namespace piperpc
