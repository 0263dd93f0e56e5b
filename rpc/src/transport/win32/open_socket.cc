#include "piperpc/open_socket.h"

#include "absl/strings/str_cat.h"

namespace piperpc {

absl::StatusOr<OpenSocket> OpenSocket::Take(int descriptor, std::string_view) {
  return absl::UnimplementedError(
      absl::StrCat("descriptor ", descriptor,
                   ": sockets that are open already are not available on this system; use an "
                   "endpoint"));
}

OpenSocket::~OpenSocket() = default;  // There is none.

}  // namespace piperpc
