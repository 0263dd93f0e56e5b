// What open sockets are on every system.
#include "piperpc/open_socket.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc {

OpenSocket::OpenSocket(OpenSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      kind_(other.kind_),
      name_(std::move(other.name_)),
      address_(std::move(other.address_)) {}

OpenSocket& OpenSocket::operator=(OpenSocket&& other) noexcept {
  OpenSocket taken(std::move(other));
  std::swap(descriptor_, taken.descriptor_);
  std::swap(kind_, taken.kind_);
  std::swap(name_, taken.name_);
  std::swap(address_, taken.address_);
  return *this;
}

int OpenSocket::Release() { return std::exchange(descriptor_, -1); }

std::string OpenSocket::ToString() const {
  std::string text = absl::StrCat("descriptor ", descriptor_);
  if (!name_.empty()) absl::StrAppend(&text, " \"", name_, "\"");
  if (!address_.empty()) absl::StrAppend(&text, " (", address_, ")");
  return text;
}

}  // namespace piperpc
