// Who may connect to an endpoint. The same presets on both systems; nothing is open by default.
#pragma once

#include <string>

namespace piperpc {

struct Access {
  enum class Preset {
    kOwner,               // The user that runs the server, and nobody else. The default.
    kGroup,               // Also members of its group. Windows: as kOwner.
    kAuthenticatedUsers,  // Every user of this machine that has logged on.
    kRaw,                 // As `raw` says.
  };

  Preset preset = Preset::kOwner;

  // kRaw: on Windows a security descriptor in SDDL; on Linux the socket's mode in octal ("0660").
  // INVALID_ARGUMENT when it lets nobody connect: a mode without write access, rules that allow
  // nothing.
  std::string raw{};

  // Windows: clients of other machines may come, too, as far as the above lets them. Linux has no
  // such pipes: FAILED_PRECONDITION.
  bool remote_clients = false;
};

}  // namespace piperpc
