// A server: serves one or more services at one endpoint.
//
//     Greeter greeter;                       // derives from the generated GreeterService
//     piperpc::Server server;
//     absl::Status status = server.AddService(greeter);
//     if (status.ok()) status = server.Start("demo");
//     ...
//     server.Shutdown(std::chrono::seconds(10));
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/access.h"
#include "piperpc/export.h"
#include "piperpc/log.h"
#include "piperpc/middleware.h"
#include "piperpc/open_socket.h"
#include "piperpc/peer.h"
#include "piperpc/service.h"

namespace piperpc {

class CatchAllService;
class Metrics;
class PacketObserver;

namespace transport {
class Transport;
}

// The options of a server, among them every limit that a client can run into; the Hello tells the
// client those that it must keep to. A number without a range of its own must be 1 or more. A time
// must be 1 ms or more; 100 years or more, such as milliseconds::max(), means no limit. Start()
// refuses an option that is out of its range.
struct ServerOptions {
  std::string backend = "auto";  // "auto"; on Linux "epoll", "io_uring"; on Windows "iocp".
  Access access{};               // Who may connect.

  // Allows an endpoint "@name", an abstract socket (Linux). Nothing protects such a socket, neither
  // a file's permissions nor a folder's: any process of the network namespace, root in a container
  // that shares it, too, can connect to it, or take the name before the server does
  // (CVE-2020-15257). `access` is still checked, by what the kernel says of the peer;
  // Access::Preset::kRaw is refused.
  bool allow_unprotected_abstract_socket = false;

  // Threads that serve connections, 1 to 64. While several users are connected, each has the same
  // part of a loop, however many connections it has: in an iteration 32 small frames, or 128 KiB,
  // and as much again of connections that had to wait.
  std::size_t event_loops = 1;

  // How long an idle event loop polls for more work before it sleeps: 0 to 10 ms. Polling saves the
  // time that it takes to wake a sleeping thread, and costs processor time.
  std::chrono::microseconds spin{0};

  // Where `spin` is 0: an idle event loop polls before it sleeps, for 100 us at the most, while the
  // next work mostly comes within 20 us. So a server with busy clients does not sleep between their
  // packets, which saves processor time on most machines. In vain, it tries twice in a row, and
  // again 64 to 256 waits later. On Linux with more than one processor; elsewhere, and for pipes
  // inside a process, it changes nothing.
  bool adaptive_spin = true;

  // How many clients may wait to be accepted: free pipe instances (Windows), or the length of the
  // socket's connection queue (Linux). 0: a default that suits the system.
  std::size_t waiting_instances = 0;

  // Open connections, of all users and of one. A client above either limit is refused with
  // RESOURCE_EXHAUSTED, and does not count. Where the process may not open enough descriptors
  // (RLIMIT_NOFILE), Start() lowers both limits and logs it. 1 to 4,294,967,295.
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_user = 1024;

  // Connections of one event loop that have not sent a Hello yet. Above the limit, one that has
  // been silent for 2 s is closed, of the user that has the most of them. 1 to 4,294,967,295.
  std::size_t max_connections_before_hello = 64;
  std::chrono::milliseconds hello_timeout{5000};  // For a client to send its Hello.

  std::size_t max_packet_bytes = 128 * 1024;        // 64 KiB to 256 KiB.
  std::size_t max_message_bytes = 4 * 1024 * 1024;  // 64 KiB to 2 GiB - 1.
  std::size_t max_metadata_bytes = 8 * 1024;        // 8 KiB to 16 KiB.

  // Calls in flight on one connection, 16 to 1,000,000. A call counts until its handler has ended,
  // even when it was cancelled, and its reply has been written to the pipe. This library's clients
  // keep to the limit: their further calls wait. When another client exceeds it, its call waits as
  // long as earlier replies are still to be written; otherwise it ends with RESOURCE_EXHAUSTED. The
  // connection stays open.
  std::size_t max_calls_per_connection = 100;

  // Bytes of a stream of requests that the handler has not read yet: 64 KiB to 4 GiB - 1.
  std::size_t stream_credit_bytes = 256 * 1024;

  // Bytes of one connection that wait to be sent. Above the limit, handlers that stream wait, and
  // the server reads nothing more from this client. max_packet_bytes to 4 GiB - 1.
  std::size_t output_queue_bytes = 1024 * 1024;

  // Memory in bytes for what clients send: messages that are still being received, messages of
  // streams that their handlers have not read, and requests until their calls have ended. A call
  // whose message does not fit ends with RESOURCE_EXHAUSTED; the text names the limit.
  //   parse_budget_bytes: for all together, max_message_bytes or more.
  //   parse_budget_per_connection, parse_budget_per_user: max_message_bytes to parse_budget_bytes,
  //     or 0: a quarter (connection) and three quarters (user) of parse_budget_bytes, but at least
  //     max_message_bytes.
  //
  // When the system has no memory for a message or a reply, or a handler throws std::bad_alloc, the
  // call ends with RESOURCE_EXHAUSTED, or its connection is closed where the memory was not for a
  // single call; the log has "out of memory". This does not cover small allocations for a new
  // client or a thread, nor those that end a call or a connection: when even these fail,
  // the process ends. It also ends when the system promised memory that it does not have (Linux's
  // overcommit). So choose budgets that fit into the machine's memory.
  std::size_t parse_budget_bytes = 256 * 1024 * 1024;
  std::size_t parse_budget_per_connection = 0;
  std::size_t parse_budget_per_user = 0;

  // Memory in bytes for replies, streamed ones too, that clients have not read and that exceed
  // their output queues. One connection may use a quarter of it and one user three quarters, but at
  // least max_message_bytes. A call whose reply does not fit ends with RESOURCE_EXHAUSTED; the text
  // names the limit. A client that uses some of this memory and reads nothing for message_timeout
  // is disconnected.
  std::size_t reply_budget_bytes = 256 * 1024 * 1024;

  // For a client to send all of a message that is split into several frames, plus one second per
  // MiB. A call whose message takes longer ends with DEADLINE_EXCEEDED.
  std::chrono::milliseconds message_timeout{30000};

  // Threads for blocking handlers, started as needed: 1 to 4,096; and calls that may wait for one:
  // 0 or more. Users are served round robin. One user may use three quarters of the threads, and as
  // many places in the queue as are free at that moment: half of it, when nobody else waits. A call
  // above these limits ends with RESOURCE_EXHAUSTED.
  std::size_t worker_threads = 16;
  std::size_t worker_queue = 1024;

  std::vector<std::shared_ptr<ServerMiddleware>> middleware{};  // Before(): first to last.
  LogHook log{};
  std::shared_ptr<Metrics> metrics{};          // Counts what the server does (piperpc/metrics.h).
  std::shared_ptr<PacketObserver> observer{};  // Sees all packets (piperpc/packet_observer.h).

  // Null: pipes of the system. Else a transport as in piperpc/in_process.h, which must outlive the
  // server.
  transport::Transport* transport = nullptr;
};

// How a shutdown ended.
struct ShutdownReport {
  // True when everything ended in time: within the grace period, or half a second after it where no
  // call had to be stopped.
  bool clean() const {
    return status.ok() && stopped.empty() && aborted.empty() && undelivered.empty() &&
           delayed.empty() && blocked.empty();
  }

  // FAILED_PRECONDITION: the server was not shut down; the text says why.
  absl::Status status;

  // Calls that were still in flight at the end of the grace period, and whose callers got
  // UNAVAILABLE: those that ended when they were stopped, and those that did not and were aborted.
  // Each as "method (peer, how long it ran)".
  std::vector<std::string> stopped;
  std::vector<std::string> aborted;

  // Clients that did not read all their replies in time, each as "peer, bytes left".
  std::vector<std::string> undelivered;

  // Event loops that a handler blocked when their calls were to be stopped, half a second after the
  // grace period, or to be aborted, and that have gone on since: "event loop 1 of 4, with 3 calls:
  // was blocked when its calls were to end". Some of these calls may be named nowhere.
  std::vector<std::string> delayed;

  // Threads that handlers still block, such as "event loop 1 of 4, with 3 calls: blocked by code
  // that runs on it". The calls of such a loop are not in `aborted`.
  std::vector<std::string> blocked;
};

// What is open at one moment; for logs and tests.
struct ServerStats {
  std::size_t connections = 0;
  std::size_t calls = 0;  // In flight.
};

// One client's connection at one moment.
struct ConnectionInfo {
  Peer peer{};
  std::chrono::steady_clock::time_point opened{};
  std::size_t calls = 0;             // In flight.
  std::uint64_t bytes_received = 0;  // Of packets, with their frames.
  std::uint64_t bytes_sent = 0;
};

// Serves the services that were added to it. Its options, above, say how.
//
// After fork(), a server that was started belongs to the parent process. In the child, all its
// functions fail with FAILED_PRECONDITION, and its destructor does nothing; create a new one there,
// at another endpoint.
class PIPERPC_EXPORT Server {
 public:
  explicit Server(ServerOptions options = {});

  // Shuts down without a grace period, then waits for blocking handlers that still run, however
  // long they take, because they use their service. Must not run on a thread of an event loop, of
  // this server or another, nor in a log hook that Start() or Shutdown() calls: it would wait for
  // itself, so it prints an error and ends the process.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Adds a service, which must outlive the server. Any thread.
  //   ALREADY_EXISTS: a service or method of that name was added before.
  //   INVALID_ARGUMENT: a method has no handler, or a name that cannot be sent.
  //   FAILED_PRECONDITION: after Start() or Shutdown(), on a thread of this server, or in a child
  //     of fork().
  absl::Status AddService(Service& service);

  // Adds the service that handles calls of all services that are not added (catch_all_service.h),
  // before or after them. It must outlive the server. Any thread.
  //   ALREADY_EXISTS: there is one.
  //   INVALID_ARGUMENT: one of its handlers is missing.
  //   FAILED_PRECONDITION: as for AddService().
  absl::Status AddCatchAll(CatchAllService& service);

  // Checks the arguments of a server without starting one, for programs that validate their flags
  // first: whether each option is in its range, the system has the backend, `endpoint` is valid,
  // and `access` is possible there. Returns the error that Start() would.
  static absl::Status Check(std::string_view endpoint, const ServerOptions& options);

  // Listens at `endpoint` (piperpc/endpoint.h) and serves clients on threads of the server; returns
  // when clients can connect, and may already have. After an error it may be called again. Any
  // thread but the server's own.
  //   INVALID_ARGUMENT: an option is out of its range, or `endpoint` is not valid.
  //   ALREADY_EXISTS: another server listens there, or a file that is no socket is there.
  //   PERMISSION_DENIED: the process may not use the folder or files of the endpoint.
  //   RESOURCE_EXHAUSTED: the system has no threads, descriptors or memory left.
  //   FAILED_PRECONDITION: it was started or shut down before, the endpoint's folder does not
  //   exist,
  //     or the system does not allow the backend.
  absl::Status Start(std::string_view endpoint);

  // The same on sockets that are open already (piperpc/open_socket.h), all of them: it takes
  // clients from those that are listening, and the peers of those that are connected are its first
  // clients. It takes the sockets, which are closed when it ends, or at an error: a second try
  // needs others.
  //
  // A socket that is listening keeps its file, its mode and its connection queue
  // (`waiting_instances` means nothing): whoever has made it removes them. When the server ends,
  // clients that wait in the queue stay there, for the next process that has the socket.
  //
  // Peers are as the kernel reports them: at a socketpair(2), both ends see the process that has
  // called it, as it was at that moment. `access` is for them all.
  //   INVALID_ARGUMENT: there is none, or an option is out of its range.
  //   PERMISSION_DENIED: `access` does not admit the peer of one that is connected.
  //   FAILED_PRECONDITION: `access` is Access::Preset::kRaw, which is for the maker of a socket to
  //   set; or
  //     as for Start().
  //   RESOURCE_EXHAUSTED: as for Start().
  //   UNIMPLEMENTED: the server's transport has no sockets (piperpc/in_process.h).
  absl::Status StartOn(std::vector<OpenSocket> sockets);

  // Shuts the server down, and returns when that is done:
  //  1. It accepts no more clients or calls, tells the clients, and stops drain_token() of each
  //     call, which ends calls such as subscriptions.
  //  2. It waits up to `grace` for the calls in flight to end, and for clients to read their
  //     replies. milliseconds::max() waits for ever, 0 or less not at all.
  //  3. It stops the calls that are left, through their stop tokens; what has not ended half a
  //     second later is aborted. Callers get UNAVAILABLE. Clients have one second to read their
  //     replies.
  // The report names what did not end in time. Steps after the grace take ten seconds at most. A
  // blocking handler cannot be interrupted: it goes on, and the destructor waits for it.
  //
  // While Start() runs on another thread, this waits for it; after this, Start() fails. Every call
  // returns the same report. It is refused, with ShutdownReport::status, where it would wait for
  // itself: on a thread of this server (a handler's or a worker's) and on any other event loop. The
  // log hook may call it when it is told of the start or the end.
  ShutdownReport Shutdown(std::chrono::milliseconds grace);

  // Blocks until a Shutdown() that another thread calls, now or later, has finished. Several
  // threads may wait, also before Start(). FAILED_PRECONDITION: on a thread of this server or of
  // any event loop, or in a child of fork().
  //
  // To shut down at a signal, on Linux: block the signal before Start(), and let a thread wait for
  // it with sigwait(). Threads of this library block no signals themselves, but inherit what is
  // blocked where they are started: otherwise one of them could get the signal, which would end the
  // process.
  //
  //     sigset_t signals;
  //     sigemptyset(&signals);
  //     sigaddset(&signals, SIGTERM);
  //     pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  //     const absl::Status started = server.Start("demo");
  //     if (!started.ok()) return Fail(started);
  //     std::jthread at_signal([&] {
  //       int number = 0;
  //       sigwait(&signals, &number);
  //       server.Shutdown(std::chrono::seconds(5));
  //     });
  //     server.Wait().IgnoreError();
  absl::Status Wait();

  // Blocks until no client is connected: what a program waits for whose clients were all handed
  // over to it, connected, with StartOn(), because none can come again. It does not shut down. Any
  // thread. FAILED_PRECONDITION: before Start(), after Shutdown(); or as for Wait().
  absl::Status WaitForLastClient();

  // Waits until each event loop has shown that it runs, which takes some microseconds when nothing
  // blocks it: for a watchdog. `limit`: 0 or more. Any thread but those of event loops.
  //   DEADLINE_EXCEEDED: it did not within `limit`; the text names those that are blocked.
  //   FAILED_PRECONDITION: before Start(), after Shutdown(); or as for Wait().
  absl::Status CheckLoops(std::chrono::milliseconds limit);

  // The full name, "package.Service", of each service in the order in which they were added. Any
  // thread.
  std::vector<std::string> service_names() const;

  // Any thread, but not while Start() runs.
  ServerStats stats() const;

  // The clients that are connected, in the order in which they came where there is one event loop.
  // None before Start() and after Shutdown(). Blocks until each event loop has answered. Any
  // thread, but not while Start() runs.
  //   FAILED_PRECONDITION: on the thread of an event loop; use a blocking handler or RunBlocking().
  //     Or in a child of fork().
  //   DEADLINE_EXCEEDED: code blocks an event loop, and so it has not answered within 2 s.
  absl::StatusOr<std::vector<ConnectionInfo>> ListConnections() const;

  // As they were given to the constructor; Start() may have lowered max_connections and
  // max_connections_per_user. Any thread, but not while Start() runs.
  const ServerOptions& options() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc
