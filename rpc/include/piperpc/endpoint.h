// An endpoint: where a server listens.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "piperpc/export.h"

namespace piperpc {

// The address of a pipe. A short name ("demo", the usual case) stands for `\\.\pipe\piperpc\demo`
// on Windows, and for `$XDG_RUNTIME_DIR/piperpc/demo.sock` on Linux, or
// `<temp folder>/piperpc-<uid>/demo.sock` when that variable is not set. A text with a slash or a
// backslash is used as it is: the path of a socket, or the full name of a pipe.
//
// On Linux, "@name" is an abstract socket, which has no file and so no permissions: servers and
// channels use one only where their option allow_unprotected_abstract_socket is set.
class PIPERPC_EXPORT Endpoint {
 public:
  // `text`: a short name (1 to 64 of letters, digits, '.', '_' and '-', not beginning with '.'), a
  // path or "@name" (Linux), or the full name of a pipe (Windows). INVALID_ARGUMENT: it is not
  // valid; the text says why.
  static absl::StatusOr<Endpoint> Parse(std::string_view text);

  // A name within an in-process transport: any text but the empty one.
  static absl::StatusOr<Endpoint> InProcess(std::string_view name);

  const std::string& text() const { return text_; }        // As it was given.
  const std::string& address() const { return address_; }  // What the system calls it.
  bool is_short_name() const { return short_name_; }
  bool is_abstract() const { return !short_name_ && address_.front() == '@'; }

  // For people: "demo (/run/user/1000/piperpc/demo.sock)"; just the text when both are the same.
  std::string ToString() const;

 private:
  Endpoint(std::string text, std::string address, bool short_name)
      : text_(std::move(text)), address_(std::move(address)), short_name_(short_name) {}

  std::string text_;
  std::string address_;
  bool short_name_;
};

}  // namespace piperpc
