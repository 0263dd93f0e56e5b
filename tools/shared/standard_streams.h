// Standard input, output and error: the same bytes on every system.
#pragma once

#include <cstdio>
#include <string_view>
#include <system_error>

namespace piperpc::tools {

// Call this first in main(). From then on the C library's streams do not convert bytes, and a
// terminal shows them as UTF-8. A stream that the program was started without fails when it is
// used. Flush after writing to any stream, standard error too: it may be buffered.
void PrepareStandardStreams();

// Writes all of `text` to a stream, and flushes it.
std::error_code WriteText(std::FILE* stream, std::string_view text);

// After a failed write, on the same thread: true when the reader has closed the stream.
bool ReaderHasGone();

}  // namespace piperpc::tools
