// The service auth.v1.AuthService: logins, and the users of connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "auth/v1/auth.piperpc.h"
#include "piperpc/async.h"
#include "piperpc/log.h"
#include "services/auth/account_store.h"
#include "services/auth/authenticator.h"
#include "services/auth/hash_queue.h"
#include "services/auth/login_observer.h"
#include "services/auth/login_queue.h"
#include "services/auth/login_throttle.h"
#include "services/auth/password_hasher.h"

namespace services {

struct AuthOptions {
  // Threads that hash passwords; 0: as many as there are cores. One user of the system may occupy
  // three quarters of them, rounded up.
  std::size_t hash_threads = 0;

  // Logins that may wait for such a thread, of which one user of the system may have half
  // (hash_queue.h); and logins in progress of one name by one user of the system, of which one is
  // tried at a time. Further ones end with RESOURCE_EXHAUSTED.
  std::size_t hash_queue = 64;

  // Logins in progress on one connection; further ones end with RESOURCE_EXHAUSTED.
  std::size_t logins_per_connection = 8;

  LoginThrottleOptions throttle;
  LoginObserver* observer = nullptr;  // Must outlive the service.

  // How a login waits after failures: returns false when `stop` was requested first. For tests.
  using Sleep = std::function<piperpc::Task<bool>(std::chrono::steady_clock::duration delay,
                                                  std::stop_token stop)>;
  Sleep sleep = piperpc::Sleep;

  // The current time. For tests.
  std::function<std::chrono::steady_clock::time_point()> now = &std::chrono::steady_clock::now;

  // Logs logins, also those that were refused or cancelled, with the user's name and never with the
  // password. What the hook throws is ignored.
  piperpc::LogHook log;
};

// The user of a connection is SessionState::user(). A login that is cancelled while its password is
// hashed logs nobody in and is not reported to the observer, though it may have registered the
// name; it counts as a failure when the password was wrong. Logins of one name by one user of the
// system are tried one at a time, so that parallel guesses are as slow as sequential ones.
class Auth final : public auth::v1::AuthService {
 public:
  Auth(AccountStore& store, PasswordHasher hasher,
       AuthOptions options);  // The store must outlive this.

  piperpc::Task<absl::StatusOr<auth::v1::LoginResponse>> CoLogin(
      piperpc::ServerContext& context, auth::v1::LoginRequest request) override;
  piperpc::Task<absl::StatusOr<auth::v1::LogoutResponse>> CoLogout(
      piperpc::ServerContext& context, auth::v1::LogoutRequest request) override;
  piperpc::Task<absl::StatusOr<auth::v1::WhoAmIResponse>> CoWhoAmI(
      piperpc::ServerContext& context, auth::v1::WhoAmIRequest request) override;

 private:
  struct Attempt;
  class PlaceOnConnection;
  piperpc::Task<absl::StatusOr<Authenticated>> Check(piperpc::ServerContext& context,
                                                     const auth::v1::LoginRequest& request);
  absl::StatusOr<std::shared_ptr<Attempt>> Begin(piperpc::ServerContext& context,
                                                 const auth::v1::LoginRequest& request);
  piperpc::Task<absl::Status> WaitUntilFirst(Attempt& attempt, std::stop_token stop);
  piperpc::Task<absl::StatusOr<Authenticated>> RunAttempt(std::shared_ptr<Attempt> attempt,
                                                          std::stop_token stop);
  void Try(Attempt& attempt);
  void Note(const Attempt& attempt);
  void TellObserver(const std::string& username) const;

  const AuthOptions options_;
  LoginThrottle throttle_;
  LoginQueue queue_;
  Authenticator authenticator_;
  HashQueue hashing_;  // The last member: its threads end first.
};

}  // namespace services
