// Listens with several instances of a named pipe, whose connects end on the loop.
//
// An instance that a client has taken is replaced before the client is handed on, so that others
// find one that waits. That also holds for a client above max_connections.
#pragma once

#include <memory>
#include <vector>

#include "piperpc/endpoint.h"
#include "src/transport/accept_pause.h"
#include "src/transport/admission.h"
#include "src/transport/listener.h"
#include "src/transport/win32/event_wait.h"
#include "src/transport/win32/security.h"

namespace piperpc::transport {

class NamedPipeListener final : public Listener, private EventLoop::Timer {
 public:
  static absl::StatusOr<std::unique_ptr<Listener>> Open(PipeCalls& calls, IocpLoop& loop,
                                                        const Endpoint& endpoint,
                                                        const ListenOptions& options,
                                                        Delegate& delegate);

  void Close(absl::AnyInvocable<void()> closed) override;

 private:
  // A place for an instance that waits for a client.
  struct Instance final : IocpLoop::Operation {
    explicit Instance(NamedPipeListener& owner) : listener(owner), wait(*this) {}
    void OnComplete(DWORD error, DWORD) override { listener.OnConnected(*this, error); }
    NamedPipeListener& listener;
    EventWait wait;
    UniqueHandle pipe;     // Empty: it has to be made.
    bool pending = false;  // The system has the OVERLAPPED.
    bool waiting = false;  // OnComplete() will come.
  };

  NamedPipeListener(PipeCalls& calls, IocpLoop& loop, const Endpoint& endpoint,
                    PipeSecurity security, const ListenOptions& options, Delegate& delegate);

  absl::Status Begin(std::size_t instances);
  absl::StatusOr<UniqueHandle> NewFirstInstance();
  absl::StatusOr<UniqueHandle> NewInstance();
  void OnTimer() override { Renew(); }
  void Renew();
  void WaitForClient(Instance& instance);
  void OnConnected(Instance& instance, DWORD error);
  void HandOut(UniqueHandle pipe);
  void CloseWaiting(Instance& instance);
  void FinishClose();

  PipeCalls& calls_;
  IocpLoop& loop_;
  const Endpoint endpoint_;
  const PipeSecurity security_;
  Admission admission_;
  AcceptPause pause_;
  std::vector<std::unique_ptr<Instance>> instances_;
  bool closing_ = false;
  absl::AnyInvocable<void()> closed_;
};

}  // namespace piperpc::transport
