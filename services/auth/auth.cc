#include "services/auth/auth.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/server_context.h"
#include "services/auth/credentials.h"

namespace services {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t HashThreads(const AuthOptions& options) {
  if (options.hash_threads != 0) return options.hash_threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

// The request's own copy of the password goes away with the request, wiped.
class WipeOnExit {
 public:
  explicit WipeOnExit(std::string& text) : text_(text) {}
  ~WipeOnExit() { Wipe(text_); }
  WipeOnExit(const WipeOnExit&) = delete;
  WipeOnExit& operator=(const WipeOnExit&) = delete;

 private:
  std::string& text_;
};

absl::Status CheckCredentials(const auth::v1::LoginRequest& request) {
  absl::Status status = CheckUsername(request.username());
  if (status.ok()) status = CheckPassword(request.password());
  return status;
}

}  // namespace

// What a hashing thread needs. Shared with it: a call that is cancelled leaves at once, and does
// not hold up its event loop until the hash is there.
struct Auth::Attempt {
  explicit Attempt(const auth::v1::LoginRequest& request)
      : username(request.username()),
        password(request.password()),
        unknown(request.existing_only() ? UnknownName::kRefuse : UnknownName::kRegister) {}

  const std::string username;
  const Secret password;
  const UnknownName unknown;
  std::optional<absl::StatusOr<Authenticated>> result;  // There when `done` is set.
  piperpc::AsyncEvent done;
};

Auth::Auth(AccountStore& store, PasswordHasher hasher, AuthOptions options)
    : options_(std::move(options)),
      throttle_(options_.throttle),
      authenticator_(store, hasher),
      hashing_(HashThreads(options_), options_.hash_queue) {}

piperpc::Task<absl::StatusOr<auth::v1::LoginResponse>> Auth::Login(piperpc::ServerContext& context,
                                                                   auth::v1::LoginRequest request) {
  const WipeOnExit wipe(*request.mutable_password());
  const absl::Status valid = CheckCredentials(request);
  if (!valid.ok()) co_return valid;
  auto turn = WaitForTurn(context, request.username());
  const absl::Status waited = co_await turn;
  if (!waited.ok()) co_return waited;
  auto attempt = RunAttempt(std::make_shared<Attempt>(request), context.stop_token());
  const absl::StatusOr<Authenticated> result = co_await attempt;
  Note(result, request.username(), context.peer().user);
  if (!result.ok()) co_return result.status();
  context.session().set_user(request.username());
  if (options_.observer != nullptr) options_.observer->OnLogin(request.username());
  auth::v1::LoginResponse response;
  response.set_registered(*result == Authenticated::kRegistered);
  co_return response;
}

piperpc::Task<absl::StatusOr<auth::v1::LogoutResponse>> Auth::Logout(
    piperpc::ServerContext& context, auth::v1::LogoutRequest) {
  context.session().set_user(std::nullopt);
  co_return auth::v1::LogoutResponse();
}

piperpc::Task<absl::StatusOr<auth::v1::WhoAmIResponse>> Auth::WhoAmI(
    piperpc::ServerContext& context, auth::v1::WhoAmIRequest) {
  // The access rule has seen a user; a Logout beside this call may have taken it away since.
  const std::optional<std::string> user = context.session().user();
  if (!user) co_return absl::UnauthenticatedError("nobody is logged in on this connection");
  auth::v1::WhoAmIResponse response;
  response.set_username(*user);
  co_return response;
}

piperpc::Task<absl::Status> Auth::WaitForTurn(piperpc::ServerContext& context,
                                              const std::string& username) {
  const auto delay = throttle_.Delay(username, context.peer().user, Clock::now());
  if (delay == Clock::duration::zero()) co_return absl::OkStatus();
  auto pause = options_.sleep(delay, context.stop_token());
  const bool slept = co_await pause;
  if (!slept) co_return absl::CancelledError("the login was stopped");
  co_return absl::OkStatus();
}

piperpc::Task<absl::StatusOr<Authenticated>> Auth::RunAttempt(std::shared_ptr<Attempt> attempt,
                                                              std::stop_token stop) {
  const absl::Status taken = hashing_.Run([this, attempt, stop] {
    if (stop.stop_requested()) return;  // Nobody waits: leave the time to others.
    attempt->result =
        authenticator_.Authenticate(attempt->username, attempt->password.view(), attempt->unknown);
    attempt->done.Set();
  });
  if (!taken.ok()) co_return taken;
  auto wait = attempt->done.Wait(std::move(stop));
  const bool done = co_await wait;
  if (!done) co_return absl::CancelledError("the login was stopped");
  co_return *std::move(attempt->result);
}

void Auth::Note(const absl::StatusOr<Authenticated>& result, const std::string& username,
                const std::string& peer) {
  if (result.ok()) {
    throttle_.Succeeded(username, peer);
  } else if (absl::IsUnauthenticated(result.status())) {
    throttle_.Failed(username, peer, Clock::now());
  }
}

}  // namespace services
