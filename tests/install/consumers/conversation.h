#pragma once

// Serves the greeter and calls it, in one process: every type of method, and what else crosses the
// border of a library, such as an exception of a handler. Returns 0, or prints what went wrong.
int Converse();
