#pragma once

#include <cstddef>
#include <string>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// The text of a request is no longer than that, wherever it comes from.
inline constexpr std::size_t kMostRequestBytes = 256 * 1024 * 1024;

// All of a file, or of a pipe that has a name; its name is UTF-8. An I/O error names it: there is
// no such file, it is a folder, it has more than `most` bytes. `deadline` ends the wait for a pipe.
OutcomeOr<std::string> ReadFile(const std::string& path, std::size_t most,
                                const CommandDeadline& deadline);

// Opens a file for reading, as a descriptor of the C library; -1: errno says why not. One file per
// platform behind it.
int OpenForReading(const std::string& path);
void CloseFile(int file);

}  // namespace piperpc::cli
