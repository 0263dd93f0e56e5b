#include <fcntl.h>
#include <unistd.h>

#include "tools/piperpc/files.h"

namespace piperpc::cli {

// Opening a pipe that nobody writes to would wait; reading from it waits in a way that can end.
int OpenForReading(const std::string& path) {
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

void CloseFile(int file) { close(file); }

}  // namespace piperpc::cli
