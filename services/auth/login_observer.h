// Is told of logins.
#pragma once

#include <string_view>

namespace services {

class LoginObserver {
 public:
  // Called once for each successful login, after it took effect and before its caller gets the
  // answer. Runs on an event loop, at the same time on several if the server has several: must not
  // block. What it throws is logged and does not undo the login.
  virtual void OnLogin(std::string_view username) = 0;

 protected:
  ~LoginObserver() = default;
};

}  // namespace services
