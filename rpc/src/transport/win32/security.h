// All that decides who may connect to a pipe, and whom a client trusts.
//
// Of the rules here, Windows enforces the security descriptor, the first-instance flag, the refusal
// of remote clients and the level of impersonation; the checks of the client's token and of the
// owner of the server's end are our own.
#pragma once

#include <windows.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "piperpc/access.h"
#include "piperpc/endpoint.h"
#include "piperpc/peer.h"
#include "src/transport/win32/pipe_calls.h"

namespace piperpc::transport {

// What a client asks for, and all that others than the owner get: reading, writing, attributes (for
// SetNamedPipeHandleState) and reading the owner. FILE_CREATE_PIPE_INSTANCE is not among them:
// GENERIC_WRITE would ask for it, and who has it can pose as the server.
inline constexpr DWORD kClientRights = FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_EA |
                                       FILE_WRITE_EA | FILE_READ_ATTRIBUTES |
                                       FILE_WRITE_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;

// The security descriptor of a pipe. Its owner and group are the user of this process, so that
// clients can tell whose server it is.
class PipeSecurity {
 public:
  // INVALID_ARGUMENT: `raw` is no SDDL, has an owner but no group, or has no access rules.
  static absl::StatusOr<PipeSecurity> For(const Access& access);

  // How an instance is made. The first one must be the first of its name in the system.
  PipeCalls::NewInstance NewInstance(const Endpoint& endpoint, bool first) const;

  // Whether a client that the kernel let in may stay, by its token. PERMISSION_DENIED. A client
  // that cannot be identified yet (it asked for dynamic tracking, and nothing of it was read) stays
  // on the kernel's word alone, with an empty user.
  absl::StatusOr<Peer> CheckClient(HANDLE pipe) const;

 private:
  struct Free {
    void operator()(void* memory) const { ::LocalFree(memory); }
  };
  explicit PipeSecurity(PSECURITY_DESCRIPTOR descriptor) : descriptor_(descriptor) {}

  absl::Status CheckToken(HANDLE token, const std::string& user) const;

  std::unique_ptr<void, Free> descriptor_;
  DWORD reject_remote_ = PIPE_REJECT_REMOTE_CLIENTS;
};

// How a client opens its end: the rights above, and the server may learn who it is but not act for
// it (SECURITY_IDENTIFICATION).
PipeCalls::OpenPipe OpenArguments(const Endpoint& endpoint);

// The server behind a client's end. Behind a short name it must be run by our own user, by the
// administrators or by the system; else PERMISSION_DENIED names both users.
absl::StatusOr<Peer> CheckServer(HANDLE pipe, const Endpoint& endpoint);

}  // namespace piperpc::transport
