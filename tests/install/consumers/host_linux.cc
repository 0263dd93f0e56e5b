// Loads a plug-in, runs it, and knows nothing of what it is made of.
#include <dlfcn.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* const plugin = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::cerr << ::dlerror() << "\n";
    return 2;
  }
  const auto run = reinterpret_cast<int (*)()>(::dlsym(plugin, "RunPlugin"));
  return run == nullptr ? 2 : run();
}
