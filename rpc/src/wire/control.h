// The payloads of HELLO and GOAWAY.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/wire/frame.h"
#include "src/wire/limits.h"

namespace piperpc::wire {

struct Hello {
  std::uint32_t magic = kMagic;
  std::uint32_t min_version = kMinVersion;
  std::uint32_t max_version = kMaxVersion;
  std::uint32_t max_packet_bytes = 0;
  std::uint64_t max_message_bytes = 0;
  std::uint32_t max_calls = 0;
  std::uint32_t max_metadata_bytes = 0;
  std::uint64_t initial_credit = 0;
  std::string_view implementation{};  // Of a decoded one: in the payload, and perhaps no UTF-8.
};

std::string EncodeHello(const Hello& hello);

// INVALID_ARGUMENT: no Hello, or a wrong magic, with the value seen and the one expected; or limits
// below those that PROTOCOL.md lets every peer count on (max_calls may be 0: a peer that takes
// none). Limits on messages and metadata above the hard ones come back as those.
absl::StatusOr<Hello> DecodeHello(Bytes payload);

// The payload is that of a Hello of PipeRPC, of whatever version and limits.
bool HasMagic(Bytes payload);

// The highest version that both ranges hold. FAILED_PRECONDITION names both ranges.
absl::StatusOr<std::uint32_t> ChooseVersion(const Hello& theirs);

struct Goaway {
  absl::Status status;  // OK: an orderly shutdown.
  std::uint64_t last_call_id = 0;
};

std::string EncodeGoaway(const Goaway& goaway);
absl::StatusOr<Goaway> DecodeGoaway(Bytes payload);

}  // namespace piperpc::wire
