// A message as it travels, for what keeps it without a pipe.
#pragma once

#include <string>

#include "piperpc/internal/codec.h"

namespace piperpc::internal {

inline std::string BytesOf(const OutMessage& message) {
  std::string bytes(message.size(), '\0');
  message.WriteTo(bytes.data());
  return bytes;
}

}  // namespace piperpc::internal
