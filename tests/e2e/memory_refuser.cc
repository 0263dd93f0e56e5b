// The forms that are not here, those of arrays and those that do not throw, come to these.
#include "e2e/memory_refuser.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> g_least = 0;
std::atomic<std::size_t> g_most = 0;
std::atomic<int> g_skipped = 0;
std::atomic<int> g_refusals = 0;
thread_local bool t_refuse = false;

bool IsRefused(std::size_t bytes) {
  if (!t_refuse || bytes < g_least || bytes > g_most) return false;
  if (g_skipped.fetch_sub(1) > 0) return false;
  ++g_refusals;
  return true;
}

}  // namespace

void* operator new(std::size_t bytes) {
  void* const memory = IsRefused(bytes) ? nullptr : std::malloc(bytes != 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace piperpc::testing {

void RefuseMemory(std::size_t least, std::size_t most, int skipped) {
  g_skipped = skipped;
  g_refusals = 0;
  g_least = least;
  g_most = most;
}

void RefuseMemoryOfThisThread(bool refuse) { t_refuse = refuse; }

int RefusalsOfMemory() { return g_refusals; }

}  // namespace piperpc::testing
