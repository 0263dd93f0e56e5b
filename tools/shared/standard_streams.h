// Standard input, output and error: the same bytes on every system.
#pragma once

namespace piperpc::tools {

// From now on the streams of the C library carry bytes as they are, and a terminal shows them as
// UTF-8. One that the program was started without
// fails when it is used. Call it first in main(). Whoever writes to a stream flushes it, standard
// error too.
void PrepareStandardStreams();

// After a write to a stream that failed, on the same thread: true when nobody reads it any more.
bool ReaderHasGone();

}  // namespace piperpc::tools
