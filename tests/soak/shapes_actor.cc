#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "soak/actor.h"
#include "support/raw_forms.h"

namespace piperpc::soak {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using testing::CallResult;
using testing::NamedForm;
using testing::Strings;

constexpr int kMostMessage = 1024 * 1024;
constexpr std::size_t kMostBytes = 3 * 1024 * 1024;  // Up replies all in one message.

Strings Requests(Actor& actor) {
  Strings requests;
  std::size_t bytes = 0;
  for (int left = actor.Number(1, 12); left > 0 && bytes < kMostBytes; --left) {
    std::string message = actor.Text(kMostMessage);
    bytes += message.size();
    requests.push_back(std::move(message));
  }
  return requests;
}

// A call that is about to be made.
class AnyCall {
 public:
  AnyCall(Actor& actor, const RawClient& client)
      : actor_(actor), client_(client), form_(AnyForm(actor)), requests_(Requests(actor)) {}

  void Make() {
    const int which = actor_.Number(1, 100);
    if (which <= 10) return WithDeadline();
    if (which <= 20) return Cancelled();
    if (which <= 25) return Failing();
    const CallResult result = Call({});
    actor_.Count(form_.method, result.status);
    actor_.Require(
        !result.status.ok() || result.replies == testing::ExpectedReplies(form_.method, requests_),
        form_.name + " gave other replies");
  }

 private:
  static const NamedForm& AnyForm(Actor& actor) {
    const auto& forms = testing::RawForms();
    const int which = actor.Number(0, static_cast<int>(forms.size()) - 1);
    return forms[static_cast<std::size_t>(which)];
  }

  CallResult Call(CallOptions options) {
    return form_.call(client_, form_.method, requests_, std::move(options));
  }

  void WithDeadline() {
    CallOptions options{.timeout = milliseconds(actor_.Number(1, 20))};
    const bool waits = WaitsMaybe(options);
    const CallResult result = Call(std::move(options));
    actor_.Count(form_.method + " with a deadline", result.status, {StatusCode::kDeadlineExceeded});
    actor_.Require(!waits || !result.status.ok(), form_.name + " did not wait");
  }

  void Cancelled() {
    std::stop_source source;
    CallOptions options{.stop = source.get_token()};
    const bool waits = WaitsMaybe(options);
    const std::jthread canceller([&source, time = actor_.RandomTime(milliseconds(3))] {
      std::this_thread::sleep_for(time);
      source.request_stop();
    });
    const CallResult result = Call(std::move(options));
    actor_.Count("cancelled " + form_.method, result.status, {StatusCode::kCancelled});
    actor_.Require(!waits || !result.status.ok(), form_.name + " did not wait");
  }

  void Failing() {
    CallOptions options;
    options.metadata.emplace_back("fail", "as asked");
    const absl::Status status = Call(std::move(options)).status;
    actor_.Count("failing " + form_.method, status, {StatusCode::kDataLoss});
    actor_.Require(!status.ok(), form_.name + " did not fail");
  }

  // True: the call ends only when it is stopped.
  bool WaitsMaybe(CallOptions& options) {
    const bool waits = actor_.Chance(50);
    if (waits) options.metadata.emplace_back("wait", "");
    return waits;
  }

  Actor& actor_;
  const RawClient& client_;
  const NamedForm& form_;
  const Strings requests_;
};

}  // namespace

void RunShapes(Actor& actor) {
  while (actor.Pause(milliseconds(100))) {
    const RawClient client(actor.ConnectTo(actor.target().shapes));
    for (int calls = actor.Number(1, 100); calls > 0 && actor.Pause(milliseconds(20)); --calls) {
      AnyCall(actor, client).Make();
    }
  }
}

}  // namespace piperpc::soak
