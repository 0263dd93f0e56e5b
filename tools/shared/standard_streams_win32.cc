#include <fcntl.h>
#include <io.h>
#include <windows.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "tools/shared/standard_streams.h"

namespace piperpc::tools {
namespace {

UINT code_page_before = 0;  // The console outlives the program, and its code page with it.

void RestoreCodePage() { SetConsoleOutputCP(code_page_before); }

}  // namespace

void PrepareStandardStreams() {
  for (const int stream : {0, 1, 2}) _setmode(stream, _O_BINARY);
  std::setvbuf(stderr, nullptr, _IONBF, 0);  // Not every C library of this system begins so.
  code_page_before = GetConsoleOutputCP();
  if (code_page_before == 0 || code_page_before == CP_UTF8) return;
  if (SetConsoleOutputCP(CP_UTF8) != 0) std::atexit(&RestoreCodePage);
}

// The C library's errno says EINVAL.
bool ReaderHasGone() {
  const unsigned long error = _doserrno;
  return error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED;
}

}  // namespace piperpc::tools
