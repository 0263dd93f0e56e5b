// What a shared library of the runtime shows to piperpc::testing, beside what public headers
// declare.
#pragma once

#include "piperpc/export.h"

// Marks what of the modules that library uses; it is made with the runtime, for that very version.
// It is for nobody else, and tests/install/symbols.py sees to it that there is no more.
#define PIPERPC_EXPORT_TO_TESTING PIPERPC_EXPORT
