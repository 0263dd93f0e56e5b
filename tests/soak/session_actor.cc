#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "auth/v1/auth.piperpc.h"
#include "notify/v1/notify.piperpc.h"
#include "soak/actor.h"
#include "soak/load.h"
#include "upper/v1/upper.piperpc.h"

namespace piperpc::soak {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using upper::v1::UppercaseRequest;
using upper::v1::UppercaseResponse;

constexpr int kUsers = 200;
constexpr int kMostText = 256 * 1024;
constexpr int kMostEvent = 32 * 1024;
constexpr milliseconds kBetweenCalls{25};
constexpr milliseconds kBetweenSessions{300};

// A connection, from its login to its end.
class Session {
 public:
  explicit Session(Actor& actor)
      : actor_(actor),
        channel_(actor.ConnectTo(actor.target().daemon)),
        auth_(channel_),
        upper_(channel_),
        notify_(channel_),
        user_(absl::StrCat("user-", actor.Number(1, kUsers))) {}

  void Run() {
    if (actor_.Chance(5)) GuessPassword();
    const auto login = auth_.Login(LoginOf(user_, kPassword));
    actor_.Count("Login", login.status());
    if (!login.ok()) return;
    for (int calls = actor_.Number(10, 80); calls > 0 && actor_.Pause(kBetweenCalls); --calls) {
      CallOnce();
    }
    if (actor_.Chance(30)) LogOut();
    if (actor_.Chance(30)) LeaveBehind();
    actor_.Require(channel_->connections_made() == 1, "a session lost its connection");
  }

 private:
  void CallOnce() {
    const int which = actor_.Number(1, 100);
    if (which <= 30) return Uppercase("Uppercase", {});
    if (which <= 40) return Uppercase("Uppercase with a deadline", SoonExpired());
    if (which <= 50) return CancelUppercase();
    if (which <= 55) return ManyAtOnce();
    if (which <= 65) return UppercaseLines();
    if (which <= 85) return Publish();
    AskWho();
  }

  CallOptions SoonExpired() { return {.timeout = milliseconds(actor_.Number(1, 5))}; }

  UppercaseRequest Request() {
    UppercaseRequest request;
    request.set_text(actor_.Text(kMostText));
    return request;
  }

  void CountReply(std::string_view what, const UppercaseRequest& request,
                  const absl::StatusOr<UppercaseResponse>& reply,
                  std::initializer_list<StatusCode> expected) {
    actor_.Count(what, reply.status(), expected);
    actor_.Require(!reply.ok() || reply->text() == absl::AsciiStrToUpper(request.text()),
                   "Uppercase gave another text");
  }

  void Uppercase(std::string_view what, const CallOptions& options) {
    const UppercaseRequest request = Request();
    const auto reply = upper_.Uppercase(request, options);
    if (!options.timeout.has_value()) return CountReply(what, request, reply, {});
    CountReply(what, request, reply, {StatusCode::kDeadlineExceeded});
  }

  void CancelUppercase() {
    std::promise<absl::Status> ended;
    std::future<absl::Status> status = ended.get_future();
    PendingCall call = upper_.UppercaseAsync(
        Request(), {}, [&ended](const auto& reply) { ended.set_value(reply.status()); });
    actor_.Pause(milliseconds(1));
    call.Cancel();
    actor_.Count("cancelled Uppercase", status.get(), {StatusCode::kCancelled});
  }

  // More than the server takes at once of one connection.
  void ManyAtOnce() {
    using Reply = absl::StatusOr<UppercaseResponse>;
    UppercaseRequest request;
    request.set_text("one of many");
    std::vector<std::promise<Reply>> replies(150);
    for (auto& reply : replies) {
      upper_.UppercaseAsync(request, {}, [&reply](Reply got) { reply.set_value(std::move(got)); });
    }
    for (auto& reply : replies) CountReply("Uppercase", request, reply.get_future().get(), {});
  }

  // Some are left in the middle.
  void UppercaseLines() {
    auto call = upper_.UppercaseLines();
    const bool leaves = actor_.Chance(30);
    for (int lines = actor_.Number(0, 20); lines > 0; --lines) {
      upper::v1::UppercaseLinesRequest line;
      line.set_text(actor_.Text(kMostText));
      if (!call.Write(line)) break;
      const auto reply = call.Next();
      actor_.Require(reply.has_value() && reply->text() == absl::AsciiStrToUpper(line.text()),
                     "UppercaseLines gave another text");
    }
    if (leaves) return;
    call.WritesDone();
    actor_.Require(!call.Next().has_value(), "UppercaseLines gave more than it got");
    actor_.Count("UppercaseLines", call.status());
  }

  void Publish() {
    notify::v1::PublishRequest request;
    request.set_text(actor_.Text(kMostEvent));
    actor_.Count("Publish", notify_.Publish(request).status());
  }

  void AskWho() {
    const auto who = auth_.WhoAmI({});
    actor_.Count("WhoAmI", who.status());
    actor_.Require(!who.ok() || who->username() == user_, "WhoAmI gave another user");
  }

  void GuessPassword() {
    actor_.Count("wrong password", auth_.Login(LoginOf(kGuessedUser, "wrong")).status(),
                 {StatusCode::kUnauthenticated});
  }

  void LogOut() {
    actor_.Count("Logout", auth_.Logout({}).status());
    actor_.Count("WhoAmI after Logout", auth_.WhoAmI({}).status(), {StatusCode::kUnauthenticated});
  }

  // Calls that are in flight when the channel goes away.
  void LeaveBehind() {
    for (int calls = actor_.Number(1, 10); calls > 0; --calls) {
      upper_.UppercaseAsync(Request(), {}, nullptr);
    }
  }

  Actor& actor_;
  const std::shared_ptr<Channel> channel_;
  auth::v1::AuthClient auth_;
  upper::v1::UpperClient upper_;
  notify::v1::NotifyClient notify_;
  const std::string user_;
};

}  // namespace

void RunSessions(Actor& actor) {
  while (actor.Pause(kBetweenSessions)) Session(actor).Run();
}

}  // namespace piperpc::soak
