// A server: services, behind one endpoint.
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
#include "piperpc/access.h"
#include "piperpc/log.h"
#include "piperpc/middleware.h"
#include "piperpc/service.h"

namespace piperpc {

class CatchAllService;

namespace transport {
class Transport;
}

// Every limit that a client can run into. The client learns those that it must keep from the Hello.
// A number without a range of its own is 1 or more. A time is 1 ms or more; milliseconds::max(), or
// any of 100 years or more, asks for no limit.
struct ServerOptions {
  std::string backend = "auto";  // "auto"; on Linux "epoll", "io_uring"; on Windows "iocp".
  std::size_t event_loops = 1;   // Threads that carry connections, 1 to 64.
  Access access{};               // Who may connect.

  // How long a loop looks for more to do before it sleeps, after each time that it had something.
  // Zero to 10 ms. It saves the time in which a sleeping thread wakes, and costs processor time.
  std::chrono::microseconds spin{0};

  // Pipe instances (Windows) or places of the connection queue (Linux) that are kept for clients to
  // come; 0: what suits the system.
  std::size_t waiting_instances = 0;

  // A client above one of these is told RESOURCE_EXHAUSTED, and closed. It takes no place of
  // others. Where the system's limit of descriptors (RLIMIT_NOFILE) is too low for
  // max_connections, Start() lowers it, and the share of a user with it, and the log says so.
  // Both: 1 to 4,294,967,295.
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_user = 1024;

  // On each event loop. Above it, one silent for 2 s must go, of the user that has most of them.
  // 1 to 4,294,967,295.
  std::size_t max_connections_before_hello = 64;
  std::chrono::milliseconds hello_timeout{5000};  // How long a client may say nothing at all.

  std::size_t max_packet_bytes = 128 * 1024;        // 64 KiB to 256 KiB.
  std::size_t max_message_bytes = 4 * 1024 * 1024;  // 64 KiB to 2 GiB - 1.
  std::size_t max_metadata_bytes = 8 * 1024;        // 8 KiB to 16 KiB.

  // 16 to 1,000,000. A call counts until its handler has ended, a cancelled one, too, and until the
  // pipe has taken its reply. A client is told the number and keeps to it. Of one that does not, a
  // call above it waits until replies that it has not read are on their way; without such, it ends
  // with RESOURCE_EXHAUSTED. The connection lives.
  std::size_t max_calls_per_connection = 100;

  // What a stream of requests may have unread, in bytes: 64 KiB to 4 GiB - 1.
  std::size_t stream_credit_bytes = 256 * 1024;

  // What a connection may have waiting to be sent. Above it, handlers that stream wait, and nothing
  // more is read of a client that does not read. From max_packet_bytes to 4 GiB - 1.
  std::size_t output_queue_bytes = 1024 * 1024;

  // Memory for messages of clients that are not whole yet, for those of streams that wait for their
  // handler, and for requests, until their calls have ended. A call whose message does not fit ends
  // with RESOURCE_EXHAUSTED and the name of the limit. The shares of a connection and of a user
  // keep either from taking all of it: from max_message_bytes to parse_budget_bytes, or 0 for a
  // quarter, and for three quarters, of parse_budget_bytes (but never less than max_message_bytes).
  // One message of that size always fits. parse_budget_bytes: max_message_bytes or more.
  //
  // Where the system has no memory for a message or a reply, or a handler throws std::bad_alloc,
  // that call ends with RESOURCE_EXHAUSTED; where no single call can bear it, the connection ends.
  // The log says "out of memory". Not covered: small allocations that serve no connection (a new
  // client, a thread, a timer), or of the end of a call or connection itself. A system that refuses
  // even those, or that promises memory which it has not (Linux's overcommit), ends the process: so
  // choose budgets that fit into its memory.
  std::size_t parse_budget_bytes = 256 * 1024 * 1024;
  std::size_t parse_budget_per_connection = 0;
  std::size_t parse_budget_per_user = 0;

  // Memory for replies that their clients have not read, streamed ones too, beyond the output queue
  // of each: for all, and of it a quarter for one connection and three quarters for one user, each
  // of them never less than max_message_bytes. 1 or more. A call whose reply does not fit ends with
  // RESOURCE_EXHAUSTED and the name of the limit. A client that reads nothing for message_timeout
  // while it holds some of that is closed.
  std::size_t reply_budget_bytes = 256 * 1024 * 1024;

  // How long a message that is split may take from its first frame to its last; a second more for
  // each MiB of it. One that is late ends its call with DEADLINE_EXCEEDED.
  std::chrono::milliseconds message_timeout{30000};

  // For blocking handlers, at the most: 1 to 4,096; and the calls that wait for one of them: 0 or
  // more. Users are served round robin. One user has at most three quarters of the threads, and as
  // many places of the queue as are free at that moment, so half of it when nobody else waits. A
  // call above that ends with RESOURCE_EXHAUSTED.
  std::size_t worker_threads = 16;
  std::size_t worker_queue = 1024;

  std::vector<std::shared_ptr<ServerMiddleware>> middleware{};  // Before(): first to last.
  LogHook log{};

  // Instead of the system's: see piperpc/in_process.h. Outlives it.
  transport::Transport* transport = nullptr;
};

// How a shutdown ended.
struct ShutdownReport {
  bool clean() const {
    return status.ok() && stopped.empty() && aborted.empty() && undelivered.empty() &&
           blocked.empty();
  }
  absl::Status status;  // FAILED_PRECONDITION: it was not done, and the text says why.
  // "method (peer, how long it ran)" of each call that was in flight when the grace was over, and
  // whose caller got UNAVAILABLE for that: it ended when it was stopped,
  std::vector<std::string> stopped;
  std::vector<std::string> aborted;  // or did not, and was cut short.
  // "peer, how much" of each client that did not read in time what its calls had ended with.
  std::vector<std::string> undelivered;
  // "event loop 1 of 4, with 3 calls: why" of each thread that code of yours has kept from its end.
  // The calls of such a loop are not among `aborted`.
  std::vector<std::string> blocked;
};

// A moment's view; for logs and tests.
struct ServerStats {
  std::size_t connections = 0;
  std::size_t calls = 0;  // In flight.
};

// After fork() a server that was started is the parent's alone. In the child all that it is asked
// is refused with FAILED_PRECONDITION, and its destructor does nothing: make a new one there, at
// another endpoint.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  // As Shutdown(0). Then waits for blocking handlers that still run, however long they take: they
  // use their service. On a thread of an event loop, the server's own or another one, and in a log
  // hook that Start() or Shutdown() calls, it cannot be refused: it says so on standard error, and
  // ends the process.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Adds a service, which must outlive the server. ALREADY_EXISTS names a service or method that is
  // there already; INVALID_ARGUMENT, a method without a handler or with a name that cannot be sent;
  // FAILED_PRECONDITION: after Start() or Shutdown(), on a thread of the server's own, or in a
  // child of fork(). Any thread.
  absl::Status AddService(Service& service);

  // Adds the one that takes the calls of services which are not added (catch_all_service.h), be it
  // before or after them. It must outlive the server. ALREADY_EXISTS: there is one;
  // INVALID_ARGUMENT: one of its handlers is missing; FAILED_PRECONDITION: as AddService(). Any
  // thread.
  absl::Status AddCatchAll(CatchAllService& service);

  // What Start() would refuse without asking the system for anything, and with the same error: an
  // option out of its range, a backend that this system has not, something that is no endpoint, or
  // who may connect there. For programs that tell wrong flags before they open or make anything.
  static absl::Status Check(std::string_view endpoint, const ServerOptions& options);

  // Listens at `endpoint` (piperpc/endpoint.h) and serves on threads of its own; returns when
  // clients can connect. Once, and not after Shutdown(): FAILED_PRECONDITION; it may be tried again
  // when it has failed. Clients may be served before it returns. INVALID_ARGUMENT names an option
  // that is out of its range; RESOURCE_EXHAUSTED, what the system refuses (threads, descriptors);
  // else as the system says, with the endpoint and the rule.
  absl::Status Start(std::string_view endpoint);

  // Stops accepting, tells the clients, asks the calls that wait for that to end
  // (ServerContext::drain_token()), and waits up to `grace` for the calls in flight, and for the
  // clients to read their replies; milliseconds::max() is for ever, and zero or less no time at
  // all. Then it stops the calls that are left through their stop tokens, and gives them a moment
  // (half a second); what has not ended by then is aborted. Both are named, and their callers get
  // UNAVAILABLE. Replies get a second after the grace to be read; clients that have not are named,
  // too. All that takes ten seconds at the most after the grace. A blocking handler cannot be taken
  // off its thread: it is named, and goes on until the destructor, which waits for it; so is an
  // event loop that a handler blocks. Beside Start() it waits for that; before it, it makes that
  // impossible. Every call gets the same report. On a thread of the server's own (a handler's, a
  // worker's), on any other event loop, which it would block, and in a log hook that Start() or
  // another Shutdown() of the same server calls before it is done, it is refused: see
  // ShutdownReport::status.
  ShutdownReport Shutdown(std::chrono::milliseconds grace);

  // Waits until Shutdown() has been done, which some other thread calls; for ever, if none does.
  // FAILED_PRECONDITION: on a thread of the server's own or of any event loop, which must not wait,
  // or in a child of fork(). Any other thread; several may wait.
  absl::Status Wait();

  // "package.Service" of each service, in the order in which they were added. Any thread.
  std::vector<std::string> service_names() const;

  // What is open at the moment. Any thread, while no Start() runs.
  ServerStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc
