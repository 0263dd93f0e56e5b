#include <unistd.h>

#include "progress.h"

bool file_copy::StandardErrorIsTerminal() { return isatty(STDERR_FILENO) == 1; }
