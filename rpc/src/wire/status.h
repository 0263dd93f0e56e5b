// absl::Status to and from the wire's Status message. Details are the status's payloads: type URL
// and bytes, which is what protobuf's Any is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::wire {

// At most kMaxStatusBytes: details that do not fit, or are more than kMaxStatusDetails, are left
// out, and the message is cut at a UTF-8 boundary. Bytes that are not UTF-8 become '?'.
std::string EncodeStatus(const absl::Status& status);

// How much of a status EncodeStatus() leaves out.
struct StatusLoss {
  std::size_t text_bytes = 0;
  std::size_t details = 0;
};
StatusLoss LossOf(const absl::Status& status);

// Sets `status` to what the bytes say. A code that is not canonical becomes UNKNOWN and keeps its
// text. INVALID_ARGUMENT, and `status` as it was, when the bytes are no Status message.
absl::Status DecodeStatus(std::string_view bytes, absl::Status& status);

}  // namespace piperpc::wire
