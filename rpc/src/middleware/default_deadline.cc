#include "piperpc/default_deadline.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/async.h"
#include "piperpc/call_values.h"
#include "src/base/clock.h"

namespace piperpc {
namespace {

using std::chrono::milliseconds;

class DeadlineSetter final : public ServerMiddleware {
 public:
  explicit DeadlineSetter(const DefaultDeadlineOptions& options)
      : missing_(std::max(options.missing, milliseconds(1))),
        most_(std::max(options.most, milliseconds(1))),
        except_(options.except.begin(), options.except.end()) {}

  absl::Status Before(ServerContext& context) override {
    if (except_.contains(context.method())) return absl::OkStatus();
    const bool has_deadline = context.deadline() != base::kNever;
    if (!has_deadline && missing_ < most_) {
      EndAfter(context, missing_, "DefaultDeadlineOptions::missing");
    } else {
      EndAfter(context, most_, "DefaultDeadlineOptions::most");
    }
    return absl::OkStatus();
  }

  // The call has ended: so has what waits for its time to be over.
  void After(ServerContext& context, const absl::Status&) override {
    if (std::optional<Timer>* const timer = timer_.Find(context.values())) timer->reset();
  }

 private:
  void EndAfter(ServerContext& context, milliseconds limit, std::string_view option) const {
    const base::TimePoint when = base::After(limit, context.started());
    if (when >= context.deadline()) return;
    timer_.Emplace(context.values()).emplace(when, [&context, limit, option] {
      context.Stop(absl::DeadlineExceededError(
          absl::StrCat("the call has taken longer than this server allows, ", limit.count(),
                       " ms (", absl::string_view(option.data(), option.size()), ")")));
    });
  }

  const milliseconds missing_;
  const milliseconds most_;
  const std::set<std::string, std::less<>> except_;
  const CallKey<std::optional<Timer>> timer_;
};

}  // namespace

std::shared_ptr<ServerMiddleware> DefaultDeadline(DefaultDeadlineOptions options) {
  return std::make_shared<DeadlineSetter>(options);
}

}  // namespace piperpc
