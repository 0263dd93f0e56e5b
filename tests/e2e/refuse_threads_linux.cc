// For LD_PRELOAD: as many threads as PIPERPC_TEST_THREADS says, and no more.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace {

int ThreadsAllowed() {
  const char* const value = std::getenv("PIPERPC_TEST_THREADS");
  return value == nullptr ? 0 : std::atoi(value);
}

std::atomic<int> threads_left = ThreadsAllowed();

}  // namespace

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) {
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static auto* const create = reinterpret_cast<Create*>(::dlsym(RTLD_NEXT, "pthread_create"));
  return threads_left-- > 0 ? create(thread, attributes, start, argument) : EAGAIN;
}
