// The other end: fetches a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "file_copy/v1/file_copy.piperpc.h"

namespace file_copy {

struct Copied {
  std::uint64_t size = 0;        // Of the file.
  std::uint64_t resumed_at = 0;  // What an earlier copy had of it.
  std::string sha256;            // 32 bytes.
};

// Called with the bytes that are there, and those of the whole file.
using OnProgress = std::function<void(std::uint64_t done, std::uint64_t size)>;

// Where a copy to `destination` is until it is complete: "<destination>.part".
std::filesystem::path PartOf(const std::filesystem::path& destination);

// Copies the server's file `name` to `destination`, which changes only at the end, when the copy is
// complete and its checksum is right. What there is of a copy that fails stays in its part, and the
// next copy to that destination goes on behind it, if it is how the file begins. Blocks. Errors are
// those of the service and of the channel, and:
//   FAILED_PRECONDITION: the destination is a folder, or another copy is writing its part.
//   DATA_LOSS: what came has another checksum than what was sent.
//   INTERNAL: the server did not keep to the protocol.
//   those of the file system, such as PERMISSION_DENIED and RESOURCE_EXHAUSTED.
absl::StatusOr<Copied> Copy(v1::FileCopyClient& client, const std::string& name,
                            const std::filesystem::path& destination, const OnProgress& progress);

}  // namespace file_copy
