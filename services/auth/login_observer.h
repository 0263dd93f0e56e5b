// Who wants to know of logins.
#pragma once

#include <string_view>

namespace services {

class LoginObserver {
 public:
  // `username` has logged in: called once for each login that succeeded, after it took effect and
  // before its caller has the answer. On an event loop, several at a time when the server has
  // several: must not block. What it throws goes to the log, and the login stands.
  virtual void OnLogin(std::string_view username) = 0;

 protected:
  ~LoginObserver() = default;
};

}  // namespace services
