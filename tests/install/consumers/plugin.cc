// What a plug-in shows of itself.
#include "conversation.h"

extern "C" int RunPlugin() { return Converse(); }
