#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "src/base/endpoint_address.h"
#include "src/base/text.h"

namespace piperpc::base {
namespace {

// The kernel wants a byte for the end of the string.
constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

// An environment variable that names a folder; empty when it is not set, or not absolute, which the
// XDG base directory specification tells us to ignore.
std::string Folder(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets it.
  return value != nullptr && *value == '/' ? value : "";
}

std::string PrivateFolder() {
  if (const std::string runtime = Folder("XDG_RUNTIME_DIR"); !runtime.empty()) {
    return absl::StrCat(runtime, "/piperpc");
  }
  const std::string temp = Folder("TMPDIR");
  return absl::StrCat(temp.empty() ? "/tmp" : temp, "/piperpc-", ::geteuid());
}

// The byte for the end of a string is, for an abstract name, the one in front of it, and so has the
// place of the '@'.
absl::Status CheckAbstract(std::string_view address) {
  if (address.find('\0') != address.npos) {
    return absl::InvalidArgumentError(
        "endpoint: the name of an abstract socket must not contain a NUL byte");
  }
  if (address.size() > 1 && address.size() <= kMaxPath) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("endpoint \"", ToAbsl(address), "\": the name of an abstract socket has ",
                   address.size() - 1, " bytes after the '@'; it must have 1 to ", kMaxPath - 1));
}

}  // namespace

std::string AddressOfShortName(std::string_view name) {
  return absl::StrCat(PrivateFolder(), "/", ToAbsl(name), ".sock");
}

absl::Status CheckAddress(std::string_view address) {
  if (address.starts_with('@')) return CheckAbstract(address);
  if (address.find('/') == address.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("endpoint \"", ToAbsl(address),
                     "\": a Windows pipe name is not valid on this system; "
                     "give a short name or a path"));
  }
  if (address.find('\0') != address.npos) {
    return absl::InvalidArgumentError("endpoint: a path must not contain a NUL byte");
  }
  if (address.back() == '/') {
    return absl::InvalidArgumentError(absl::StrCat("endpoint \"", ToAbsl(address),
                                                   "\": the path of a socket must not end in '/'"));
  }
  if (address.size() > kMaxPath) {
    return absl::InvalidArgumentError(absl::StrCat("endpoint \"", ToAbsl(address),
                                                   "\": its path has ", address.size(),
                                                   " bytes; the system's limit is ", kMaxPath));
  }
  return absl::OkStatus();
}

}  // namespace piperpc::base
