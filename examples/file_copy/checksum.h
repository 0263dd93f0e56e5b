// SHA-256, by libsodium.
#pragma once

#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "file.h"

namespace file_copy {

// How much of a file is read, sent and hashed at a time. Two chunks and more fit into what a stream
// may have under way (ChannelOptions::stream_credit_bytes), so that neither side waits for the
// other one with each.
inline constexpr std::size_t kChunkBytes = 64 * 1024;

// The checksum of bytes that come one after the other. Copies go on by themselves.
class Sha256 {
 public:
  Sha256() { crypto_hash_sha256_init(&state_); }

  void Add(std::string_view bytes);
  void AddZeros(std::size_t count);  // At most kChunkBytes.

  // 32 bytes. More may be added afterwards.
  std::string Result() const;

 private:
  crypto_hash_sha256_state state_;
};

// Of the first `size` bytes of a file. CANCELLED: by `stop`. OUT_OF_RANGE: the file is shorter.
absl::StatusOr<Sha256> HashBeginning(const File& file, std::uint64_t size,
                                     std::stop_token stop = {});

// As sha256sum prints it.
std::string Hex(std::string_view bytes);

}  // namespace file_copy
