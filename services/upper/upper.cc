#include "services/upper/upper.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/server_context.h"
#include "services/upper/upper_case.h"

namespace services {
namespace {

// Longer texts, which take 50 us and, outside of ASCII, three times that, are converted on a worker
// thread: other clients of the loop wait meanwhile.
constexpr std::size_t kMaxBytesOnLoop = 8 * 1024;

piperpc::Task<absl::StatusOr<std::string>> Convert(piperpc::ServerContext& context,
                                                   const std::string& text) {
  if (text.size() <= kMaxBytesOnLoop) co_return UpperCase(text);
  auto convert = [text] { return UpperCase(text); };
  auto conversion =
      piperpc::RunBlocking(context.workers(), std::move(convert), context.stop_token());
  co_return co_await conversion;
}

}  // namespace

piperpc::Task<absl::StatusOr<upper::v1::UppercaseResponse>> Upper::CoUppercase(
    piperpc::ServerContext& context, upper::v1::UppercaseRequest request) {
  auto conversion = Convert(context, request.text());
  absl::StatusOr<std::string> text = co_await conversion;
  if (!text.ok()) co_return text.status();
  upper::v1::UppercaseResponse response;
  response.set_text(*std::move(text));
  co_return response;
}

piperpc::Stream<upper::v1::UppercaseLinesResponse> Upper::CoUppercaseLines(
    piperpc::ServerContext& context, piperpc::CoReader<upper::v1::UppercaseLinesRequest> reader) {
  while (std::optional<upper::v1::UppercaseLinesRequest> line = co_await reader.CoNext()) {
    auto conversion = Convert(context, line->text());
    absl::StatusOr<std::string> text = co_await conversion;
    if (!text.ok()) co_yield text.status();
    upper::v1::UppercaseLinesResponse response;
    response.set_text(*std::move(text));
    co_yield response;
  }
}

}  // namespace services
