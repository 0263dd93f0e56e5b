// A server and its clients in one process, for tests of a service or of code that calls one.
//
//     Greeter service;
//     piperpc::testing::InProcess<GreeterClient> greeter(service);
//     EXPECT_THAT(greeter->Greet(request), IsOk());
//
// No socket, no file, no endpoint to choose; everything else is as between processes: limits,
// deadlines, flow control, middleware, the threads of both sides. The peer of both is this process,
// and access rules about users do not apply (piperpc/in_process.h).
#pragma once

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "piperpc/catch_all_service.h"
#include "piperpc/channel.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/server.h"
#include "piperpc/service.h"
#include "piperpc/testing/fake_clock.h"
#include "piperpc/testing/fault_injector.h"

namespace piperpc::testing {

// `transport` of both must be null.
struct InProcessOptions {
  ServerOptions server{};
  ChannelOptions channel{};  // Of channel(), and of NewChannel() without others.

  // If not null: serves all other services. Must outlive the server.
  CatchAllService* catch_all = nullptr;

  // If not null: the time of the server and of its channels.
  FakeClock* clock = nullptr;
};

// A server that runs from its constructor to its destructor.
class InProcessServer {
 public:
  // Starts a server with these services, which must outlive it. Where that fails, status() says
  // why, and every call ends with that.
  explicit InProcessServer(Service& service, InProcessOptions options = {});
  InProcessServer(std::initializer_list<Service*> services, InProcessOptions options = {});

  // Closes the channels, which ends their calls, and shuts the server down without a grace period.
  // A blocking handler cannot be interrupted: it is waited for, however long it takes, and named on
  // standard error when it does not look at its stop token in time. Not on a thread of the server.
  ~InProcessServer();
  InProcessServer(const InProcessServer&) = delete;
  InProcessServer& operator=(const InProcessServer&) = delete;

  // How the start went: the errors of Server::AddService() and Start(); INVALID_ARGUMENT: an option
  // has a transport.
  const absl::Status& status() const { return status_; }

  // A channel to the server, the same each time. The first call connects it. Never null; any
  // thread.
  std::shared_ptr<Channel> channel();

  // A new channel, with a connection of its own: another client. Never null; any thread.
  std::shared_ptr<Channel> NewChannel();
  std::shared_ptr<Channel> NewChannel(ChannelOptions options);

  // Lets connections to it go wrong. Any thread.
  FaultInjector& faults() { return faults_; }

  // For more: Shutdown(), stats(). It has been started.
  Server& server() { return server_; }

 private:
  absl::Status Start(std::initializer_list<Service*> services, CatchAllService* catch_all);

  absl::Status status_;
  FaultInjector faults_;
  const ChannelOptions channel_options_;
  Server server_;

  internal::Mutex mutex_;
  std::shared_ptr<Channel> channel_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Channel>> channels_ ABSL_GUARDED_BY(mutex_);  // To be closed.
};

// The same with a client of the generated class `Client`.
template <typename Client>
class InProcess : public InProcessServer {
 public:
  explicit InProcess(Service& service, InProcessOptions options = {})
      : InProcessServer(service, std::move(options)), client_(channel()) {}
  InProcess(std::initializer_list<Service*> services, InProcessOptions options = {})
      : InProcessServer(services, std::move(options)), client_(channel()) {}

  Client& client() { return client_; }
  Client& operator*() { return client_; }
  Client* operator->() { return &client_; }

 private:
  Client client_;
};

}  // namespace piperpc::testing
