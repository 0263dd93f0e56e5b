// Where a server listens.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace piperpc {

// The address of a pipe. A short name ("demo", the usual case) becomes `\\.\pipe\piperpc\demo` on
// Windows and `$XDG_RUNTIME_DIR/piperpc/demo.sock` on Linux, or, where that variable is not set,
// `<temp folder>/piperpc-<uid>/demo.sock`. What contains a slash or a backslash is taken as it is.
class Endpoint {
 public:
  // `text`: a short name (1 to 64 of letters, digits, '.', '_' and '-', not beginning with '.'), or
  // a system's own address. INVALID_ARGUMENT tells what is wrong with it, and the limit.
  static absl::StatusOr<Endpoint> Parse(std::string_view text);

  // A name that is known in this process only: not empty, and nothing of the system's.
  static absl::StatusOr<Endpoint> InProcess(std::string_view name);

  const std::string& text() const { return text_; }        // As it was given.
  const std::string& address() const { return address_; }  // The system's own name for it.
  bool is_short_name() const { return short_name_; }

  // Both, for people: "demo (/run/user/1000/piperpc/demo.sock)", or once where they are the same.
  std::string ToString() const;

 private:
  Endpoint(std::string text, std::string address, bool short_name)
      : text_(std::move(text)), address_(std::move(address)), short_name_(short_name) {}

  std::string text_;
  std::string address_;
  bool short_name_;
};

}  // namespace piperpc
