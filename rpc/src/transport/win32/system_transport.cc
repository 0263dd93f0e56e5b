#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/transport/win32/connect.h"
#include "src/transport/win32/event_loop.h"
#include "src/transport/win32/listener.h"
#include "src/transport/win32/security.h"
#include "src/transport/win32/transport.h"

namespace piperpc::transport {

absl::StatusOr<std::unique_ptr<EventLoop>> NamedPipeTransport::NewLoop() { return IocpLoop::New(); }

absl::Status NamedPipeTransport::CheckAccess(const Endpoint& /*endpoint*/, const Access& access) {
  return PipeSecurity::For(access).status();
}

absl::StatusOr<std::unique_ptr<Listener>> NamedPipeTransport::Listen(EventLoop& loop,
                                                                     const Endpoint& endpoint,
                                                                     const ListenOptions& options,
                                                                     Listener::Delegate& delegate) {
  return NamedPipeListener::Open(calls_, static_cast<IocpLoop&>(loop), endpoint, options, delegate);
}

absl::StatusOr<std::unique_ptr<Pipe>> NamedPipeTransport::Connect(const Endpoint& endpoint,
                                                                  const ConnectOptions& options) {
  return ConnectNamed(calls_, endpoint, options);
}

absl::StatusOr<Transport*> SystemTransport(std::string_view backend) {
  // Never destroyed: servers may be static.
  static NamedPipeTransport* const iocp = new NamedPipeTransport(*new PipeCalls);
  if (backend == "auto" || backend == "iocp") return iocp;
  return absl::InvalidArgumentError(
      absl::StrCat("backend \"", base::ToAbsl(backend),
                   "\" is not valid: on this system it must be \"auto\" or \"iocp\""));
}

}  // namespace piperpc::transport
