// Standard input, output and error: the same bytes on every system.
#pragma once

#include <cstdio>
#include <string_view>
#include <system_error>

namespace piperpc::tools {

// From now on the streams of the C library carry bytes as they are, and a terminal shows them as
// UTF-8. One that the program was started without fails when it is used. Call it first in main().
// Whoever writes to a stream flushes it, standard error too.
void PrepareStandardStreams();

// Writes all of `text` to a stream, and flushes it. An error says why it cannot.
std::error_code WriteText(std::FILE* stream, std::string_view text);

// After a write to a stream that failed, on the same thread: true when nobody reads it any more.
bool ReaderHasGone();

}  // namespace piperpc::tools
