// What Windows was told about pipes, and what it may be made to answer.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "src/transport/win32/pipe_calls.h"

namespace piperpc::transport {

class RecordingCalls final : public PipeCalls {
 public:
  HANDLE Create(const NewInstance& arguments) override {
    {
      const std::lock_guard lock(mutex_);
      created_.push_back(arguments);
    }
    if (refusal != ERROR_SUCCESS && created().size() > 1) {
      ::SetLastError(refusal);
      return INVALID_HANDLE_VALUE;
    }
    const HANDLE pipe = PipeCalls::Create(arguments);
    if (after_create) after_create(arguments);
    return pipe;
  }
  HANDLE Open(const OpenPipe& arguments) override {
    {
      const std::lock_guard lock(mutex_);
      opened_.push_back(arguments);
    }
    return PipeCalls::Open(arguments);
  }

  std::vector<NewInstance> created() {
    const std::lock_guard lock(mutex_);
    return created_;
  }
  std::vector<OpenPipe> opened() {
    const std::lock_guard lock(mutex_);
    return opened_;
  }

  std::function<void(const NewInstance&)> after_create;
  std::atomic<DWORD> refusal = ERROR_SUCCESS;  // Of every instance but the first.

 private:
  std::mutex mutex_;
  std::vector<NewInstance> created_;
  std::vector<OpenPipe> opened_;
};

}  // namespace piperpc::transport
