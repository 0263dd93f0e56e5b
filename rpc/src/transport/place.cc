#include "src/transport/place.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::transport {
namespace {

absl::Status NotAllowed(const Endpoint& endpoint) {
  return absl::InvalidArgumentError(absl::StrCat(
      "endpoint \"", endpoint.text(),
      "\" is an abstract socket, which has no permissions: any process of this network namespace, "
      "also in a container that shares it, can connect to it or take its name first "
      "(CVE-2020-15257). Use a short name or a path; or accept that with the option "
      "allow_unprotected_abstract_socket (a flag of the programs: "
      "--allow-unprotected-abstract-socket)"));
}

}  // namespace

absl::StatusOr<Place> FindPlace(std::string_view endpoint, Transport* given,
                                std::string_view backend, bool allow_abstract) {
  absl::StatusOr<Transport*> transport = given;
  if (given == nullptr) transport = SystemTransport(backend);
  if (!transport.ok()) return transport.status();
  auto parsed = (*transport)->ParseEndpoint(endpoint);
  if (!parsed.ok()) return parsed.status();
  if (parsed->is_abstract() && !allow_abstract) return NotAllowed(*parsed);
  return Place{*std::move(parsed), *transport};
}

}  // namespace piperpc::transport
