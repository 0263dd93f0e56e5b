// Who may connect to an endpoint: by default nobody but the user who runs the server.
#pragma once

#include <string>

namespace piperpc {

// The same presets exist on Linux and Windows.
struct Access {
  enum class Preset {
    kOwner,               // Only the user who runs the server. The default.
    kGroup,               // Also members of that user's group. Windows: as kOwner.
    kAuthenticatedUsers,  // Every user who is logged on to this machine.
    kRaw,                 // As `raw` specifies.
  };

  Preset preset = Preset::kOwner;

  // For kRaw: on Linux the socket's file mode in octal ("0660"), on Windows a security descriptor
  // in SDDL ("D:P(A;;FA;;;OW)"). Start() returns INVALID_ARGUMENT when nobody could connect: a mode
  // without write access, or rules that allow nothing.
  std::string raw{};

  // Windows: also accept clients on other machines, within the rules above. On Linux Start()
  // returns FAILED_PRECONDITION when it is set.
  bool remote_clients = false;
};

}  // namespace piperpc
