#include "phrases.h"

#include <optional>
#include <string>

namespace phrases {

absl::Status Phrases::Read(piperpc::ServerContext& context, const v1::ReadRequest&,
                           piperpc::Writer<v1::ReadResponse>& writer) {
  std::uint64_t number = board_.next();
  v1::ReadResponse response;
  response.mutable_listening();
  while (writer.Write(response)) {  // Waits while the reader is slow.
    absl::StatusOr<std::optional<std::string>> phrase = board_.Read(number++, context.stop_token());
    if (!phrase.ok()) return phrase.status();
    if (!phrase->has_value()) return absl::OkStatus();
    response.set_phrase(**std::move(phrase));
  }
  return absl::CancelledError("the reader has gone");
}

piperpc::ServerOptions OptionsFor(std::size_t max_readers) {
  piperpc::ServerOptions options;
  options.max_connections = max_readers;
  // One user may have three quarters of the threads, and all readers may be of one user.
  options.worker_threads = (max_readers * 4 + 2) / 3;
  return options;
}

}  // namespace phrases
