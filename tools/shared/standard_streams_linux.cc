#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

#include "tools/shared/standard_streams.h"

namespace piperpc::tools {

// A stream that the program was started without would be the number of the next file that it opens,
// and read or written as that. So it gets a file that does not let it be read, or written.
void PrepareStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    const int file = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (file < 0 || file == stream) continue;
    dup2(file, stream);
    close(file);
  }
}

bool ReaderHasGone() { return errno == EPIPE; }

}  // namespace piperpc::tools
