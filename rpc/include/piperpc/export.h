// What a shared library of the runtime shows to the programs that link with it.
#pragma once

// Marks what public headers declare and sources define, or what both sides must have as one type.
// Everything else is hidden. A static library shows nothing: a plug-in that is linked with one
// keeps it to itself. PIPERPC_SHARED comes with the package: piperpc::piperpc and piperpc.pc define
// it.
#if defined(PIPERPC_SHARED)
#define PIPERPC_EXPORT [[gnu::visibility("default")]]
#else
#define PIPERPC_EXPORT
#endif
