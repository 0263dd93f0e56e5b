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
  // Some C libraries write byte by byte to a console, which then shows no character of several.
  for (std::FILE* const stream : {stdout, stderr}) std::setvbuf(stream, nullptr, _IOFBF, 65536);
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
