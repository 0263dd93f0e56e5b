// Counts what each thread allocates. A program that links the source file of this has its operator
// new and delete; no sanitizer may be on, for those bring their own.
#pragma once

#include <cstddef>

namespace piperpc::testing {

// Calls of operator new, of any form, by the calling thread since it began.
std::size_t AllocationsOfThisThread();

}  // namespace piperpc::testing
