// What the presets of Access are in terms of file modes.
//
// A short name lives in a private directory, which nobody else can pass: it goes with kOwner only.
// For the other presets give a path, in a directory that the administrator has made for it and that
// those users may search ("mkdir -m 0750 /run/demo; chgrp demo /run/demo").
#pragma once

#include <sys/stat.h>

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/access.h"
#include "piperpc/endpoint.h"

namespace piperpc::transport {

// The same where there is no file of this server's, so that nothing but the kernel's word on the
// peer counts. FAILED_PRECONDITION: remote clients; or `raw`, for which `no_mode` says why not.
absl::Status CheckAccessWithoutFile(std::string_view endpoint, const Access& access,
                                    std::string_view no_mode);

// The mode of the socket. INVALID_ARGUMENT: `raw` is no mode. FAILED_PRECONDITION: remote clients,
// which sockets have none of, or the endpoint's directory is private, so nobody could make use of
// such an access.
absl::StatusOr<mode_t> SocketMode(const Access& access, const Endpoint& endpoint);

}  // namespace piperpc::transport
