#include <fcntl.h>
#include <io.h>

#include <cerrno>
#include <exception>
#include <filesystem>

#include "tools/piperpc/files.h"

namespace piperpc::cli {

int OpenForReading(const std::string& path) {
  try {
    const std::filesystem::path name(std::u8string(path.begin(), path.end()));
    return _wopen(name.c_str(), _O_RDONLY | _O_BINARY | _O_NOINHERIT);
  } catch (const std::exception&) {
    errno = EILSEQ;  // Not UTF-8; names are UTF-16 here.
    return -1;
  }
}

void CloseFile(int file) { _close(file); }

}  // namespace piperpc::cli
