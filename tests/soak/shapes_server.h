// A server of methods of every type.
#pragma once

#include <string>

namespace piperpc::soak {

// Serves a ShapesService, tells "READY", and shuts down in order when standard input ends. 0: all
// had ended by then.
int ServeShapes(const std::string& endpoint, const std::string& backend);

}  // namespace piperpc::soak
