#include "checksum.h"

#include <algorithm>
#include <array>
#include <vector>

namespace file_copy {

void Sha256::Add(std::string_view bytes) {
  crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

void Sha256::AddZeros(std::size_t count) {
  static constexpr std::array<char, kChunkBytes> kZeros{};
  Add(std::string_view(kZeros.data(), count));
}

std::string Sha256::Result() const {
  crypto_hash_sha256_state copy = state_;
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256_final(&copy, hash.data());
  return {hash.begin(), hash.end()};
}

absl::StatusOr<Sha256> HashBeginning(const File& file, std::uint64_t size, std::stop_token stop) {
  Sha256 sha256;
  std::vector<char> buffer(kChunkBytes);
  for (std::uint64_t position = 0; position < size;) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), size - position);
    const absl::StatusOr<std::size_t> got = file.Read(position, {buffer.data(), wanted});
    if (!got.ok()) return got.status();
    if (*got == 0) return absl::OutOfRangeError(file.path().string() + " became shorter");
    sha256.Add({buffer.data(), *got});
    position += *got;
  }
  return sha256;
}

std::string Hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value / 16];
    text += kDigits[value % 16];
  }
  return text;
}

}  // namespace file_copy
