// Memory for bytes that are copied in bulk, by this process and by the kernel.
//
// Where it begins within its page matters. A copy whose destination stands up to 63 bytes behind
// its source, both counted from the beginnings of their pages, is some ten times slower on many AMD
// processors (https://sourceware.org/bugzilla/show_bug.cgi?id=30994), and others stumble as well
// when a load follows a store to the same place of another page. malloc() lets every block that it
// takes from the system begin 16 bytes into a page, and the kernel's own copy of a packet begins at
// 0: so these begin a quarter into one, far from both.
#pragma once

#include <cstddef>
#include <memory>

namespace piperpc::base {

// How much of a buffer is used.
enum class BufferUse {
  kWhole,  // It may be in large pages.
  kParts,  // Much of it is never touched, and is to take no memory.
};

class PageOffsetDelete {
 public:
  void operator()(char* bytes) const;

 private:
  friend std::unique_ptr<char[], PageOffsetDelete> NewPageOffsetBuffer(std::size_t size,
                                                                       BufferUse use);
  bool placed_ = false;
};

using PageOffsetBuffer = std::unique_ptr<char[], PageOffsetDelete>;

// Not zeroed. What is too small to matter begins anywhere.
PageOffsetBuffer NewPageOffsetBuffer(std::size_t size, BufferUse use = BufferUse::kWhole);

}  // namespace piperpc::base
