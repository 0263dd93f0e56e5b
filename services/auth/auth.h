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
#include "services/auth/account_store.h"
#include "services/auth/authenticator.h"
#include "services/auth/login_observer.h"
#include "services/auth/login_throttle.h"
#include "services/auth/password_hasher.h"

namespace services {

struct AuthOptions {
  std::size_t hash_threads = 0;  // Hashes at once; 0: as many as there are cores.
  std::size_t hash_queue = 64;   // Logins that wait for one; more are RESOURCE_EXHAUSTED.
  LoginThrottleOptions throttle;
  LoginObserver* observer = nullptr;  // Outlives the service.

  // How a login waits after failures: false when `stop` came first.
  using Sleep = std::function<piperpc::Task<bool>(std::chrono::steady_clock::duration delay,
                                                  std::stop_token stop)>;
  Sleep sleep = piperpc::Sleep;
};

// The user of a connection is in its SessionState. A login that is cancelled while its password is
// hashed logs nobody in and tells no observer, though it may have registered the name.
class Auth final : public auth::v1::AuthService {
 public:
  Auth(AccountStore& store, PasswordHasher hasher,
       AuthOptions options);  // The store outlives this.

  piperpc::Task<absl::StatusOr<auth::v1::LoginResponse>> Login(
      piperpc::ServerContext& context, auth::v1::LoginRequest request) override;
  piperpc::Task<absl::StatusOr<auth::v1::LogoutResponse>> Logout(
      piperpc::ServerContext& context, auth::v1::LogoutRequest request) override;
  piperpc::Task<absl::StatusOr<auth::v1::WhoAmIResponse>> WhoAmI(
      piperpc::ServerContext& context, auth::v1::WhoAmIRequest request) override;

 private:
  struct Attempt;
  piperpc::Task<absl::Status> WaitForTurn(piperpc::ServerContext& context,
                                          const std::string& username);
  piperpc::Task<absl::StatusOr<Authenticated>> RunAttempt(std::shared_ptr<Attempt> attempt,
                                                          std::stop_token stop);
  void Note(const absl::StatusOr<Authenticated>& result, const std::string& username,
            const std::string& peer);

  const AuthOptions options_;
  LoginThrottle throttle_;
  Authenticator authenticator_;
  piperpc::WorkerPool hashing_;  // The last member: its threads end first.
};

}  // namespace services
