#include <unistd.h>

#include <cstdint>
#include <cstdlib>

// Debian 12's libstdc++ asks for arc4random, which glibc has since 2.36; with one of its own the program also runs where
// glibc is 2.35 (Ubuntu 22.04, on which containers of PyTorch are built).
extern "C" uint32_t arc4random() noexcept {
  uint32_t value = 0;
  if (getentropy(&value, sizeof value) != 0) abort();
  return value;
}
