// auth.v1 as it is served.
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
#include "services/auth/login_throttle.h"
#include "services/auth/login_turns.h"
#include "services/auth/password_hasher.h"

namespace services {

struct AuthOptions {
  std::size_t hash_threads = 0;  // Hashes at once; 0: as many as there are cores.

  // Logins that wait for one, of which no user of the system has more than are free (hash_queue.h);
  // and logins of one name, by one user of the system, that are under way: one of them is tried,
  // and the others wait for their turn. What is above is RESOURCE_EXHAUSTED.
  std::size_t hash_queue = 64;

  // Logins of one connection that are under way; more are RESOURCE_EXHAUSTED.
  std::size_t logins_per_connection = 8;

  LoginThrottleOptions throttle;
  LoginObserver* observer = nullptr;  // Outlives the service.

  // How a login waits after failures: false when `stop` came first.
  using Sleep = std::function<piperpc::Task<bool>(std::chrono::steady_clock::duration delay,
                                                  std::stop_token stop)>;
  Sleep sleep = piperpc::Sleep;

  // What time it is.
  std::function<std::chrono::steady_clock::time_point()> now = &std::chrono::steady_clock::now;

  // Of logins, and of those that were refused or cancelled, with the user's name and never the
  // password. What the hook throws is dropped.
  piperpc::LogHook log;
};

// The user of a connection is in its SessionState. A login that is cancelled while its password is
// hashed logs nobody in and tells no observer, though it may have registered the name; it counts as
// a failure when the password was wrong. Of one name and one user of the system, one login at a
// time is tried, so that guesses that come together gain nothing over those that come one by one.
class Auth final : public auth::v1::AuthService {
 public:
  Auth(AccountStore& store, PasswordHasher hasher,
       AuthOptions options);  // The store outlives this.

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
  piperpc::Task<absl::Status> WaitForTurn(Attempt& attempt, std::stop_token stop);
  piperpc::Task<absl::StatusOr<Authenticated>> RunAttempt(std::shared_ptr<Attempt> attempt,
                                                          std::stop_token stop);
  void Try(Attempt& attempt);
  void Note(const Attempt& attempt);
  void TellObserver(const std::string& username) const;

  const AuthOptions options_;
  LoginThrottle throttle_;
  LoginTurns turns_;
  Authenticator authenticator_;
  HashQueue hashing_;  // The last member: its threads end first.
};

}  // namespace services
