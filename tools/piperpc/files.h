// Reading the files that a command line names.
#pragma once

#include <cstddef>
#include <string>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// The limit for the text of one request, wherever it comes from.
inline constexpr std::size_t kMostRequestBytes = 256 * 1024 * 1024;

// The content of a file or a named pipe; `path` is UTF-8. An I/O error names the path: there is no
// such file, it is a folder, it has more than `most` bytes. `deadline` limits the wait for a pipe.
OutcomeOr<std::string> ReadFile(const std::string& path, std::size_t most,
                                const CommandDeadline& deadline);

// Opens a file for reading as a descriptor of the C library; -1: see errno.
int OpenForReading(const std::string& path);
void CloseFile(int file);

}  // namespace piperpc::cli
