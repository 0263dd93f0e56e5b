#include "services/auth/auth.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/visible_text.h"
#include "piperpc/server_context.h"
#include "services/auth/credentials.h"
#include "services/auth/log_safely.h"

namespace services {
namespace {

std::size_t HashThreads(const AuthOptions& options) {
  if (options.hash_threads != 0) return options.hash_threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

// Overwrites the password in the request before the request is destroyed.
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

absl::Status Stopped() { return absl::CancelledError("the login was stopped"); }

// Cancelled logins are an event of their own: where the log limits the lines of each event,
// somebody who cancels many logins cannot hide refused passwords.
const char* EventOf(const absl::Status& status) {
  if (status.ok()) return "login";
  return absl::IsCancelled(status) ? "login cancelled" : "login refused";
}

// Problems of the server itself are errors: no memory, a full disk, a damaged store.
piperpc::LogLevel LevelOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
      return piperpc::LogLevel::kInfo;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
      return piperpc::LogLevel::kWarning;
    default:
      return piperpc::LogLevel::kError;
  }
}

// A full disk, a damaged or locked database, no memory for a hash: nobody can log in until that is
// repaired.
void LogUnusable(const piperpc::LogHook& log, const absl::Status& status) {
  if (status.ok() || absl::IsUnauthenticated(status) || absl::IsNotFound(status)) return;
  LogSafely(log, [&status] {
    return piperpc::LogRecord{
        piperpc::LogLevel::kError, "accounts cannot be used", {{"error", status.ToString()}}};
  });
}

// In a catch block.
void LogException(const piperpc::LogHook& log) {
  LogSafely(log, [thrown = std::current_exception()] {
    return piperpc::LogRecord{piperpc::LogLevel::kError,
                              "exception in a login",
                              {{"what", piperpc::internal::DescribeException(thrown)}}};
  });
}

piperpc::LogRecord RecordOf(const piperpc::ServerContext& context, const std::string& username,
                            const absl::StatusOr<Authenticated>& result) {
  piperpc::LogRecord record{LevelOf(result.status()), EventOf(result.status()), {}};
  record.fields = {{"user", piperpc::internal::VisibleBeginning(username, kMaxUsernameBytes)},
                   {"peer_pid", absl::StrCat(context.peer().pid)},
                   {"peer_user", context.peer().user}};
  if (result.ok()) {
    record.fields.emplace_back("registered",
                               *result == Authenticated::kRegistered ? "true" : "false");
  } else {
    record.fields.emplace_back("error", result.status().ToString());
  }
  return record;
}

}  // namespace

// One of the logins in progress on a connection.
class Auth::PlaceOnConnection {
 public:
  // RESOURCE_EXHAUSTED: the connection has reached the limit.
  static absl::StatusOr<std::unique_ptr<PlaceOnConnection>> Take(piperpc::SessionState& session,
                                                                 std::size_t limit) {
    auto count = session.FindOrPut(std::make_shared<Count>());
    auto place = std::make_unique<PlaceOnConnection>(std::move(count));
    if (place->count_->under_way <= limit) return place;
    return absl::ResourceExhaustedError(
        absl::StrCat(limit, " logins are in progress on this connection, which is the limit ",
                     "(logins_per_connection); wait for one of them to end"));
  }

  struct Count {
    std::atomic<std::size_t> under_way = 0;
  };
  explicit PlaceOnConnection(std::shared_ptr<Count> count) : count_(std::move(count)) {
    ++count_->under_way;
  }
  ~PlaceOnConnection() { --count_->under_way; }
  PlaceOnConnection(const PlaceOnConnection&) = delete;
  PlaceOnConnection& operator=(const PlaceOnConnection&) = delete;

 private:
  const std::shared_ptr<Count> count_;
};

// One login, shared between its call and the thread that hashes its password: a call that is
// cancelled ends at once and does not wait for the hash. Both places belong to the attempt, so that
// cancelling calls does not allow more guesses.
struct Auth::Attempt {
  Attempt(const auth::v1::LoginRequest& request, const piperpc::Peer& caller)
      : username(request.username()),
        peer(caller.user),
        password(request.password()),
        unknown(request.existing_only() ? UnknownName::kRefuse : UnknownName::kRegister) {}

  const std::string username;
  const std::string peer;
  const Secret password;
  const UnknownName unknown;
  std::unique_ptr<PlaceOnConnection> place;
  std::unique_ptr<LoginQueue::Place> queued;
  absl::StatusOr<Authenticated> result =
      absl::InternalError("the login failed on the server; see the server's log");
  piperpc::AsyncEvent done;  // Set when `result` is final.

  // However the hashing thread ends its work, the next login can be tried, and the call is
  // answered.
  class EndOnExit {
   public:
    explicit EndOnExit(Attempt& attempt) : attempt_(attempt) {}
    ~EndOnExit() {
      attempt_.queued.reset();
      attempt_.done.Set();
    }
    EndOnExit(const EndOnExit&) = delete;
    EndOnExit& operator=(const EndOnExit&) = delete;

   private:
    Attempt& attempt_;
  };
};

Auth::Auth(AccountStore& store, PasswordHasher hasher, AuthOptions options)
    : options_(std::move(options)),
      throttle_(options_.throttle),
      queue_(std::max<std::size_t>(options_.hash_queue, 1)),
      authenticator_(store, hasher, options_.log),
      hashing_(HashThreads(options_), options_.hash_queue) {}

piperpc::Task<absl::StatusOr<auth::v1::LoginResponse>> Auth::CoLogin(
    piperpc::ServerContext& context, auth::v1::LoginRequest request) {
  const WipeOnExit wipe(*request.mutable_password());
  auto check = Check(context, request);
  const absl::StatusOr<Authenticated> result = co_await check;
  LogSafely(options_.log, [&] { return RecordOf(context, request.username(), result); });
  if (!result.ok()) co_return result.status();
  context.session().set_user(request.username());
  TellObserver(request.username());
  auth::v1::LoginResponse response;
  response.set_registered(*result == Authenticated::kRegistered);
  co_return response;
}

piperpc::Task<absl::StatusOr<auth::v1::LogoutResponse>> Auth::CoLogout(
    piperpc::ServerContext& context, auth::v1::LogoutRequest) {
  context.session().set_user(std::nullopt);
  co_return auth::v1::LogoutResponse();
}

piperpc::Task<absl::StatusOr<auth::v1::WhoAmIResponse>> Auth::CoWhoAmI(
    piperpc::ServerContext& context, auth::v1::WhoAmIRequest) {
  // The access rule has checked that there is a user, but a Logout may have run since.
  const std::optional<std::string> user = context.session().user();
  if (!user) co_return absl::UnauthenticatedError("nobody is logged in on this connection");
  auth::v1::WhoAmIResponse response;
  response.set_username(*user);
  co_return response;
}

// The caller's frame owns the request.
piperpc::Task<absl::StatusOr<Authenticated>> Auth::Check(piperpc::ServerContext& context,
                                                         const auth::v1::LoginRequest& request) {
  absl::StatusOr<std::shared_ptr<Attempt>> attempt = Begin(context, request);
  if (!attempt.ok()) co_return attempt.status();
  auto wait = WaitUntilFirst(**attempt, context.stop_token());
  const absl::Status waited = co_await wait;
  if (!waited.ok()) co_return waited;
  auto run = RunAttempt(*std::move(attempt), context.stop_token());
  co_return co_await run;
}

absl::StatusOr<std::shared_ptr<Auth::Attempt>> Auth::Begin(piperpc::ServerContext& context,
                                                           const auth::v1::LoginRequest& request) {
  const absl::Status valid = CheckCredentials(request);
  if (!valid.ok()) return valid;
  auto place = PlaceOnConnection::Take(context.session(), options_.logins_per_connection);
  if (!place.ok()) return place.status();
  auto queued = queue_.Join(request.username(), context.peer().user);
  if (!queued.ok()) return queued.status();
  auto attempt = std::make_shared<Attempt>(request, context.peer());
  attempt->place = *std::move(place);
  attempt->queued = *std::move(queued);
  return attempt;
}

// Waits until the attempt is the first in its queue, and then for the delay after failures: by
// then, all earlier failures have been counted.
piperpc::Task<absl::Status> Auth::WaitUntilFirst(Attempt& attempt, std::stop_token stop) {
  auto wait = attempt.queued->is_first().Wait(stop);
  const bool first = co_await wait;
  if (!first) co_return Stopped();
  const auto delay = throttle_.Delay(attempt.username, attempt.peer, options_.now());
  if (delay <= delay.zero()) co_return absl::OkStatus();
  auto pause = options_.sleep(delay, stop);
  const bool slept = co_await pause;
  if (!slept) co_return Stopped();
  co_return absl::OkStatus();
}

piperpc::Task<absl::StatusOr<Authenticated>> Auth::RunAttempt(std::shared_ptr<Attempt> attempt,
                                                              std::stop_token stop) {
  const absl::Status taken = hashing_.Run(attempt->peer, [this, attempt, stop] {
    if (stop.stop_requested()) return;  // Nobody waits for the result.
    Try(*attempt);
  });
  if (!taken.ok()) co_return taken;
  auto wait = attempt->done.Wait(std::move(stop));
  const bool done = co_await wait;
  if (!done) co_return Stopped();
  co_return std::move(attempt->result);
}

void Auth::TellObserver(const std::string& username) const {
  if (options_.observer == nullptr) return;
  try {
    options_.observer->OnLogin(username);
  } catch (...) {
    LogException(options_.log);
  }
}

// On a hashing thread; must not throw. Failures are counted before the next login in the queue is
// tried.
void Auth::Try(Attempt& attempt) {
  const Attempt::EndOnExit ends(attempt);
  try {
    attempt.result =
        authenticator_.Authenticate(attempt.username, attempt.password.view(), attempt.unknown);
    Note(attempt);
    LogUnusable(options_.log, attempt.result.status());
  } catch (...) {
    LogException(options_.log);
  }
}

void Auth::Note(const Attempt& attempt) {
  if (attempt.result.ok()) {
    throttle_.Succeeded(attempt.username, attempt.peer);
  } else if (absl::IsUnauthenticated(attempt.result.status())) {
    throttle_.Failed(attempt.username, attempt.peer, options_.now());
  }
}

}  // namespace services
