#include <cerrno>

#include "tools/shared/standard_streams.h"

namespace piperpc::tools {

void PrepareStandardStreams() {}

bool ReaderHasGone() { return errno == EPIPE; }

}  // namespace piperpc::tools
