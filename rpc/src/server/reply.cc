#include "src/server/reply.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/server/connection_host.h"
#include "src/server/errors.h"
#include "src/wire/metadata.h"
#include "src/wire/status.h"

namespace piperpc::server {

absl::Status EncodeTrailers(const ServerCore& core, const ServerContext& context,
                            const Metadata& trailers, std::size_t limit, std::string& encoded) {
  absl::StatusOr<std::string> fields = wire::EncodeMetadata(trailers, limit);
  if (fields.ok()) {
    encoded = *std::move(fields);
    return absl::OkStatus();
  }
  if (absl::IsResourceExhausted(fields.status())) return TrailersTooLarge(fields.status());
  core.Log(LogLevel::kError, "invalid trailer", [&] {
    return LogFields{{"method", std::string(context.method())},
                     {"reason", std::string(fields.status().message())}};
  });
  return FailedUnexpectedly("the handler or a middleware added an invalid trailer",
                            context.method());
}

void LogIfCut(const ServerCore& core, const ServerContext& context, const absl::Status& status) {
  const wire::StatusLoss lost = wire::LossOf(status);
  if (lost.text_bytes == 0 && lost.details == 0) return;
  core.Log(LogLevel::kWarning, "error details cut", [&] {
    return LogFields{{"method", std::string(context.method())},
                     {"lost_text_bytes", std::to_string(lost.text_bytes)},
                     {"lost_details", std::to_string(lost.details)}};
  });
}

}  // namespace piperpc::server
