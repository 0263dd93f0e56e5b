// A channel: a client's connection to one server, which generated clients make their calls on.
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
#include "piperpc/channel_state.h"
#include "piperpc/export.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/log.h"
#include "piperpc/metadata.h"
#include "piperpc/middleware.h"
#include "piperpc/open_socket.h"
#include "piperpc/peer.h"
#include "piperpc/retry.h"

namespace piperpc {

class IoThread;
class Metrics;
class PacketObserver;

namespace transport {
class Transport;
}

// A call on a channel whose options are not valid ends with INVALID_ARGUMENT. A time that is 100
// years or more, such as milliseconds::max(), means no limit, here and in CallOptions.
struct ChannelOptions {
  std::string backend = "auto";  // As in ServerOptions.

  // Allows an endpoint "@name", an abstract socket (Linux). Nothing protects such a socket, neither
  // a file's permissions nor a folder's: any process of the network namespace, root in a container
  // that shares it, too, can connect to it, or take the name before a server does (CVE-2020-15257).
  // A server that neither this user nor root runs is refused, with PERMISSION_DENIED.
  bool allow_unprotected_abstract_socket = false;

  // The thread that serves the connection (piperpc/io_thread.h), which also determines the backend.
  // Null: the channel starts a thread of its own when it needs one.
  std::shared_ptr<IoThread> io_thread{};

  // How long a blocked caller, and the channel's own thread, poll before they sleep: 0 to 10 ms, as
  // in ServerOptions.
  std::chrono::microseconds spin{0};

  // Of the channel's own thread: as in ServerOptions. Not of a blocked caller, nor of `io_thread`.
  bool adaptive_spin = true;

  // How long a call without a timeout of its own may take: connecting, waiting for one of the calls
  // that the server allows at once, and the reply. 1 ms or more. A stream without a timeout may go
  // on for any time, but must begin within this.
  std::chrono::milliseconds default_timeout{30000};

  // How long a call waits, within its timeout, for a server that is not running yet. 0: it fails at
  // once.
  std::chrono::milliseconds wait_for_ready{0};

  std::size_t max_packet_bytes = 128 * 1024;        // 64 KiB to 256 KiB.
  std::size_t max_message_bytes = 4 * 1024 * 1024;  // Of a reply. 64 KiB to 2 GiB - 1.
  std::size_t max_metadata_bytes = 8 * 1024;        // 8 KiB to 16 KiB.

  // Bytes of a stream of replies that the caller has not read yet: 64 KiB or more.
  std::size_t stream_credit_bytes = 256 * 1024;

  // Bytes that wait to be sent; above the limit, writers of streams wait. 1 or more.
  std::size_t output_queue_bytes = 1024 * 1024;

  RetryOptions retry{};  // Which calls are made again when they fail.

  std::vector<std::shared_ptr<ClientMiddleware>> middleware{};  // Before(): first to last.
  LogHook log{};
  std::shared_ptr<Metrics> metrics{};          // Counts what the channel does (piperpc/metrics.h).
  std::shared_ptr<PacketObserver> observer{};  // Sees all packets (piperpc/packet_observer.h).

  // Null: pipes of the system. Else a transport as in piperpc/in_process.h, which says how long it
  // must live.
  transport::Transport* transport = nullptr;
};

// The options of one call, all of them optional.
struct CallOptions {
  // For the whole call, 1 ms or more. Unset: ChannelOptions::default_timeout; streams: no limit.
  std::optional<std::chrono::milliseconds> timeout{};

  // 0 or more. Unset: as in ChannelOptions.
  std::optional<std::chrono::milliseconds> wait_for_ready{};

  std::stop_token stop{};  // Cancels the call.
  Metadata metadata{};     // Sent with the request.

  // If not null: receives the server's trailers before the call ends, and must live until then.
  Metadata* trailers = nullptr;

  // If not null: receives how many attempts the retry policy has made of the call, 1 or more,
  // before the call ends; must live until then.
  int* attempts = nullptr;
};

// One connection that all calls on the channel share. The first call opens it, and a later one
// opens it again when it was lost. Thread-safe.
//
// Calls are independent of each other, and may begin in any order.
//
// A call that is in flight when the connection is lost ends with UNAVAILABLE, because it may have
// run; calls that the server reports as not begun are sent again at once, on another connection.
// What a retry policy adds to that is in piperpc/retry.h.
//
// State that a server keeps for a connection, such as a login, ends with it: see
// connections_made().
//
// Calls that block are refused with FAILED_PRECONDITION on the thread of an event loop, that is in
// callbacks and in coroutine handlers, where they would block everything else on that loop. Use the
// callback or coroutine form there, or RunBlocking().
//
// After fork(), a channel that was used before belongs to the parent process. In the child, its
// calls and streams end at once with FAILED_PRECONDITION (callbacks run inline), and its destructor
// does nothing; create a new channel there. Calls in flight end in the parent only. A child that
// was forked in a callback must not return from it.
class PIPERPC_EXPORT Channel : public internal::ChannelCore {
 public:
  // Connects, unless the channel is connected. `timeout`, 1 ms or more, includes the wait for a
  // server that is not running yet. Blocks. The errors are those that calls get, too, when they
  // cannot connect:
  //   UNAVAILABLE: no server is running there, or the connection was lost.
  //   DEADLINE_EXCEEDED: the text says what was waited for: a server, a place in its connection
  //     queue, or its first answer.
  //   RESOURCE_EXHAUSTED: this process has no descriptors or threads left, or the server has too
  //     many connections, in all or of this user.
  //   PERMISSION_DENIED: the server does not admit this user, or this user does not trust the
  //     server.
  //   FAILED_PRECONDITION: the endpoint is not a PipeRPC server; it has no protocol version in
  //     common; the channel is closed; or this is the thread of an event loop or a child of fork().
  //   INTERNAL: the server broke the protocol.
  //   INVALID_ARGUMENT: `timeout` or an option of the channel is out of its range.
  virtual absl::Status WaitUntilReady(std::chrono::milliseconds timeout) = 0;

  // The server's process and user; none while there is no connection. A channel without calls does
  // not notice that its server has gone: until the next call, this may be one that has. Any thread.
  virtual std::optional<Peer> peer() const { return std::nullopt; }

  // How its connection is. As with peer(), a channel without calls does not notice that its server
  // has gone. Any thread.
  virtual ChannelStatus state() const = 0;

  // Blocks until the state is another one than `from`, at most for `timeout`, 0 or more. Does not
  // connect: WaitUntilReady() does.
  //   DEADLINE_EXCEEDED: it is still the same.
  //   FAILED_PRECONDITION: this is the thread of an event loop or a child of fork().
  //   INVALID_ARGUMENT: `timeout` is below 0.
  virtual absl::Status WaitForStateChange(ChannelState from, std::chrono::milliseconds timeout) = 0;

  // Tells `on_state` the state of now, soon, and then each new one, one at a time, in order: on the
  // channel's event loop, which is started for that, or, where there is none (the channel is
  // closed, or the system refuses the thread), on the thread that brings the change about. States
  // that follow each other faster than it returns are left out, but for the last. In a child of
  // fork() it is told kClosed at once, and no more. It may use the channel, as any callback. Any
  // thread.
  [[nodiscard]] virtual StateWatch WatchState(StateCallback on_state) = 0;

  // How many connections the channel has made so far: more than before means that logins and the
  // like were lost.
  virtual std::size_t connections_made() const = 0;

  // Closes the connection and ends all calls with CANCELLED, as the destructor does; messages of
  // streams that were not read are dropped. Later calls end with FAILED_PRECONDITION. Any thread.
  // Returns when everything has ended, except on the thread of an event loop (in a callback or a
  // coroutine handler) and in a log hook of the channel, where it must not wait: the rest then ends
  // on the connection's loop, and last callbacks may still run.
  //
  // The destructor leaves that rest to a background thread there, and calls the log hook no more,
  // though a call of the hook may still be running. To be sure that nothing of a channel is left,
  // drop the last reference on a thread of your own.
  virtual void Close() = 0;
};

// Checks the arguments of Connect(), for programs that validate their flags first.
// INVALID_ARGUMENT: an option is out of its range, this system has no such backend, or `endpoint`
// is not valid. Does not connect, and starts no thread.
PIPERPC_EXPORT absl::Status CheckChannel(std::string_view endpoint, const ChannelOptions& options);

// Creates a channel to `endpoint` (piperpc/endpoint.h); the first call connects. Never null: when
// the arguments are not valid, every call ends with the status that CheckChannel() returns.
PIPERPC_EXPORT std::shared_ptr<Channel> Connect(std::string_view endpoint,
                                                ChannelOptions options = {});

// Creates a channel over a socket that is connected already (piperpc/open_socket.h), such as one of
// a socketpair(2) whose other end another process serves with Server::StartOn(). The channel takes
// the socket, and closes it with its connection. Nobody can connect it again: once the connection
// has ended, because the server has gone or shuts down, or has broken the protocol, later calls end
// with FAILED_PRECONDITION, whatever `wait_for_ready` says, and a new channel needs a new socket.
//
// Whom it is connected to is for the caller to know: peer() is who had called socketpair(2), or
// listens. Never null: when the arguments are not valid, every call ends with the reason:
//   INVALID_ARGUMENT: `socket` is listening, or an option is out of its range.
//   UNIMPLEMENTED: the option `transport` or `io_thread` is of a transport without sockets.
PIPERPC_EXPORT std::shared_ptr<Channel> ConnectOver(OpenSocket socket, ChannelOptions options = {});

}  // namespace piperpc
