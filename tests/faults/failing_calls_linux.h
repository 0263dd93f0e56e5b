// Calls of the system that fail once, as a test says. A program that links the source file of this
// has those of the C library, and of liburing, behind its own.
#pragma once

#include <cstddef>
#include <string_view>

namespace piperpc::testing {

// What the completions of an io_uring are called here: the operations themselves, not the calls.
inline constexpr std::string_view kCompletion = "completion";

// From now on, the call of this name that is number `number`, counted from 1 over all threads,
// fails with that errno. EPIPE and ECONNRESET: the socket is at its end then.
void FailCall(std::string_view name, int error, std::size_t number);

// None fails any more. True: one has.
bool ClearFailingCall();

}  // namespace piperpc::testing
