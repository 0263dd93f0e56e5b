#include "src/transport/win32/listener.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/transport/win32/error.h"
#include "src/transport/win32/pipe.h"

namespace piperpc::transport {
namespace {

// About twice the cores: one connects while another is being replaced.
std::size_t InstancesOf(const ListenOptions& options) {
  if (options.waiting_instances != 0) return options.waiting_instances;
  return std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 2, 64);
}

bool IsLocal(const Endpoint& endpoint) {
  const std::string& name = endpoint.address();
  return name.size() > 3 && name[2] == '.' && (name[3] == '\\' || name[3] == '/');
}

// A client may come between CreateNamedPipe and ConnectNamedPipe (ERROR_PIPE_CONNECTED), and even
// have gone again (ERROR_NO_DATA); what it wrote can be read.
bool IsConnected(DWORD error) {
  return error == ERROR_SUCCESS || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
}

absl::Status AlreadyThere(const Endpoint& endpoint, std::string_view how) {
  return absl::AlreadyExistsError(absl::StrCat("a server is already running at ",
                                               endpoint.ToString(), ": ", base::ToAbsl(how)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> NamedPipeListener::Open(PipeCalls& calls, IocpLoop& loop,
                                                                  const Endpoint& endpoint,
                                                                  const ListenOptions& options,
                                                                  Delegate& delegate) {
  if (!IsLocal(endpoint)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "endpoint \"", endpoint.text(),
        R"(": a server can listen only on its own machine; give a name such as \\.\pipe\name)"));
  }
  absl::StatusOr<PipeSecurity> security = PipeSecurity::For(options.access);
  if (!security.ok()) return security.status();
  std::unique_ptr<NamedPipeListener> listener(
      new NamedPipeListener(calls, loop, endpoint, *std::move(security), options, delegate));
  if (absl::Status status = listener->Begin(InstancesOf(options)); !status.ok()) return status;
  return listener;
}

NamedPipeListener::NamedPipeListener(PipeCalls& calls, IocpLoop& loop, const Endpoint& endpoint,
                                     PipeSecurity security, const ListenOptions& options,
                                     Delegate& delegate)
    : calls_(calls),
      loop_(loop),
      endpoint_(endpoint),
      security_(std::move(security)),
      admission_(options.max_connections, delegate),
      pause_(loop, *this, delegate) {}

absl::Status NamedPipeListener::Begin(std::size_t instances) {
  absl::StatusOr<UniqueHandle> first = NewFirstInstance();
  if (!first.ok()) return first.status();
  for (std::size_t i = 0; i < instances; ++i) {
    auto& instance = *instances_.emplace_back(std::make_unique<Instance>(*this));
    if (absl::Status status = instance.wait.Open(); !status.ok()) return status;
  }
  instances_.front()->pipe = *std::move(first);
  WaitForClient(*instances_.front());
  Renew();
  return absl::OkStatus();
}

// FILE_FLAG_FIRST_PIPE_INSTANCE makes the second server fail; where it is not enforced, the number
// of instances tells.
absl::StatusOr<UniqueHandle> NamedPipeListener::NewFirstInstance() {
  UniqueHandle pipe(calls_.Create(security_.NewInstance(endpoint_, true)));
  if (!pipe) {
    const DWORD error = ::GetLastError();
    if (error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY) {
      return AlreadyThere(endpoint_, ErrorText(error));
    }
    return PipeError(error, absl::StrCat("CreateNamedPipe ", endpoint_.address()));
  }
  DWORD instances = 0;
  if (::GetNamedPipeHandleStateW(pipe.get(), nullptr, &instances, nullptr, nullptr, nullptr, 0) &&
      instances > 1) {
    return AlreadyThere(
        endpoint_, absl::StrCat(instances - 1, " instances of the pipe belong to another process"));
  }
  return pipe;
}

absl::StatusOr<UniqueHandle> NamedPipeListener::NewInstance() {
  UniqueHandle pipe(calls_.Create(security_.NewInstance(endpoint_, false)));
  if (!pipe) return PipeError(::GetLastError(), "CreateNamedPipe");
  return pipe;
}

// Makes the instances that are missing; what cannot be made now is made after a pause.
void NamedPipeListener::Renew() {
  for (const auto& instance : instances_) {
    if (instance->pipe || instance->waiting) continue;
    absl::StatusOr<UniqueHandle> pipe = NewInstance();
    if (!pipe.ok()) return pause_.Begin(pipe.status());
    instance->pipe = *std::move(pipe);
    WaitForClient(*instance);
  }
}

void NamedPipeListener::WaitForClient(Instance& instance) {
  instance.waiting = true;
  DWORD error = ERROR_PIPE_CONNECTED;
  if (!::ConnectNamedPipe(instance.pipe.get(), instance.Begin(instance.wait.event()))) {
    error = ::GetLastError();
  }
  instance.pending = error == ERROR_IO_PENDING;
  instance.pending ? instance.wait.Arm(loop_) : loop_.Complete(instance, error);
}

void NamedPipeListener::OnConnected(Instance& instance, DWORD error) {
  instance.waiting = false;
  if (closing_) return FinishClose();
  DWORD ignored = 0;
  if (std::exchange(instance.pending, false)) {
    error = instance.Result(instance.pipe.get(), false, ignored);
  }
  if (!IsConnected(error)) {
    instance.pipe.Reset();
    return pause_.Begin(PipeError(error, "ConnectNamedPipe"));
  }
  UniqueHandle client = std::move(instance.pipe);
  pause_.Reset();
  Renew();
  HandOut(std::move(client));
}

// A client that the access rules keep out or that has gone again is closed; that is no matter for
// the delegate.
void NamedPipeListener::HandOut(UniqueHandle client) {
  absl::StatusOr<Peer> peer = security_.CheckClient(client.get());
  if (!peer.ok()) return;
  Admission::Verdict verdict = admission_.Judge(*peer);
  if (!verdict.slot) return;
  absl::StatusOr<std::unique_ptr<Pipe>> pipe =
      NamedPipe::New(std::move(client), *std::move(peer), std::move(verdict.slot));
  if (!pipe.ok()) return pause_.Tell(pipe.status());
  admission_.HandOut(*std::move(pipe), std::move(verdict.refusal));
}

void NamedPipeListener::Close(absl::AnyInvocable<void()> closed) {
  closing_ = true;
  closed_ = std::move(closed);
  loop_.Cancel(*this);
  for (const auto& instance : instances_) CloseWaiting(*instance);
  FinishClose();
}

// Without clients the name is free as soon as Close() returns, so this waits for the end of the
// cancelled connect, which the system ends at once. Its completion reaches the loop later. A client
// that was quicker is handed out, too: the delegate tells it what there is to tell.
void NamedPipeListener::CloseWaiting(Instance& instance) {
  DWORD error = ERROR_PIPE_CONNECTED;
  if (instance.pending) {
    DWORD ignored = 0;
    instance.Cancel(instance.pipe.get());
    error = instance.Result(instance.pipe.get(), true, ignored);
  }
  UniqueHandle client = std::move(instance.pipe);
  if (client && instance.waiting && IsConnected(error)) HandOut(std::move(client));
}

void NamedPipeListener::FinishClose() {
  for (const auto& instance : instances_) {
    if (instance->waiting) return;
  }
  loop_.Post(std::move(closed_));
}

}  // namespace piperpc::transport
