// Arguments and environment of a program, in UTF-8 on every system.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace piperpc::tools {

// The arguments of main(), without the program's own name.
std::vector<std::string> Arguments(int argc, char** argv);

// The value of an environment variable; none when it is not set. `name` is ASCII.
std::optional<std::string> EnvironmentVariable(const char* name);

}  // namespace piperpc::tools
