// The forms that are not here, those of arrays and those that do not throw, come to these.
#include "cost/allocation_counter.h"

#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t t_allocations = 0;

void* Allocate(std::size_t bytes) {
  ++t_allocations;
  if (void* memory = std::malloc(bytes != 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}

// Stands right before memory that is aligned more than malloc() does it.
struct Origin {
  void* memory;
};

}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto align = static_cast<std::uintptr_t>(alignment);
  void* const memory = Allocate(sizeof(Origin) + align + bytes);
  const auto first = reinterpret_cast<std::uintptr_t>(memory) + sizeof(Origin);
  auto* const aligned = reinterpret_cast<Origin*>((first + align - 1) / align * align);
  aligned[-1].memory = memory;
  return aligned;
}
void operator delete(void* memory, std::align_val_t) noexcept {
  if (memory != nullptr) std::free(static_cast<Origin*>(memory)[-1].memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
  operator delete(memory, alignment);
}

namespace piperpc::testing {

std::size_t AllocationsOfThisThread() { return t_allocations; }

}  // namespace piperpc::testing
