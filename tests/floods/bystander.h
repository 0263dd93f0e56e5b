// Somebody who uses the server as usual while others flood it.
#pragma once

#include <string>

namespace piperpc::floods {

// Logs in, and until standard input ends calls Uppercase on one connection, and from another thread
// makes new connections with one call each. At each line of the input, and at its end, prints how
// long those since the last time took, as a line of JSON.
//
// The load is closed: 2 ms (200 ms for connections) after one has ended, the next begins. So a time
// is what a user waits for that has one thing to do, and a stall of the server counts once.
int RunBystander(const std::string& endpoint);

}  // namespace piperpc::floods
