/*
 * Preloaded into a program, it counts the calls that change what lies below a directory, and lets one of them go wrong.
 *
 * STORAGE_FAULT_ROOT  the directory
 * STORAGE_FAULT_PLAN  a file of at least sizeof(Plan) bytes that both sides map or write: which call, and how
 */
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

constexpr int32_t KILL_BEFORE = 1;
constexpr int32_t KILL_AFTER = 2;
constexpr int32_t NOT_DONE = 3;
constexpr int32_t DONE_BUT_FAILED = 4;
constexpr char NOTHING = 0;
constexpr int32_t MAX_STEPS = 8192;

struct Plan {
  std::atomic<int32_t> mode;
  /** Counted from 0, among the calls of this kind. */
  std::atomic<int32_t> at;
  std::atomic<int32_t> kind;
  std::atomic<int32_t> seen;
  std::atomic<int32_t> seen_of_kind;
  std::atomic<int32_t> struck;
  /** What each call was, in one letter. */
  char kinds[MAX_STEPS];
};

Plan *plan = nullptr;
char root[4096];
size_t root_length = 0;

__attribute__((constructor)) void begin() {
  const char *directory = getenv("STORAGE_FAULT_ROOT");
  const char *file = getenv("STORAGE_FAULT_PLAN");
  if (directory == nullptr || file == nullptr || strlen(directory) >= sizeof(root)) return;
  strcpy(root, directory);
  root_length = strlen(root);
  using Open = int (*)(const char *, int, ...);
  const int fd = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "open"))(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort();
  void *mapped = mmap(nullptr, sizeof(Plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) abort();
  close(fd);
  plan = static_cast<Plan *>(mapped);
}

bool is_below(const char *path) {
  return strncmp(path, root, root_length) == 0 && path[root_length] == '/';
}

bool ends_with(const char *path, const char *end) {
  const size_t length = strlen(path), tail = strlen(end);
  return length >= tail && strcmp(path + length - tail, end) == 0;
}

/** Nothing, for what is not below the directory. The store's shared memory is no storage. */
char kind_of(int fd, char other, char of_commit) {
  char link[64];
  char path[4096];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof(path) - 1);
  if (length < 0) return NOTHING;
  path[length] = '\0';
  if (ends_with(path, "-shm") || !(is_below(path) || strcmp(path, root) == 0)) return NOTHING;
  return ends_with(path, "-wal") ? of_commit : other;
}

[[noreturn]] void die() {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

template <typename Call> auto step(char kind, Call call) -> decltype(call()) {
  if (plan == nullptr || kind == NOTHING) return call();
  const int32_t number = plan->seen.fetch_add(1);
  if (number < MAX_STEPS) plan->kinds[number] = kind;
  const int32_t mode = plan->mode.load();
  if (mode == 0 || kind != plan->kind.load()) return call();
  if (plan->seen_of_kind.fetch_add(1) != plan->at.load()) return call();
  plan->struck.store(1);
  if (mode == KILL_BEFORE) die();
  if (mode == NOT_DONE) {
    errno = ENOSPC;
    return -1;
  }
  const auto result = call();
  if (mode == KILL_AFTER) die();
  if (mode == DONE_BUT_FAILED && result >= 0) {
    errno = EIO;
    return -1;
  }
  return result;
}

template <typename Function> Function *real(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

ssize_t write(int fd, const void *bytes, size_t length) {
  static auto *call = real<ssize_t(int, const void *, size_t)>("write");
  if (plan == nullptr) return call(fd, bytes, length);
  return step(kind_of(fd, 'w', 'W'), [&] { return call(fd, bytes, length); });
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  static auto *call = real<ssize_t(int, const struct iovec *, int)>("writev");
  if (plan == nullptr) return call(fd, parts, count);
  return step(kind_of(fd, 'w', 'W'), [&] { return call(fd, parts, count); });
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  static auto *call = real<ssize_t(int, const void *, size_t, off64_t)>("pwrite64");
  if (plan == nullptr) return call(fd, bytes, length, offset);
  return step(kind_of(fd, 'w', 'W'), [&] { return call(fd, bytes, length, offset); });
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  static auto *call = real<ssize_t(int, const struct iovec *, int, off_t)>("pwritev");
  if (plan == nullptr) return call(fd, parts, count, offset);
  return step(kind_of(fd, 'w', 'W'), [&] { return call(fd, parts, count, offset); });
}

int fsync(int fd) {
  static auto *call = real<int(int)>("fsync");
  if (plan == nullptr) return call(fd);
  return step(kind_of(fd, 's', 'S'), [&] { return call(fd); });
}

int fdatasync(int fd) {
  static auto *call = real<int(int)>("fdatasync");
  if (plan == nullptr) return call(fd);
  return step(kind_of(fd, 's', 'S'), [&] { return call(fd); });
}

int ftruncate64(int fd, off64_t length) {
  static auto *call = real<int(int, off64_t)>("ftruncate64");
  if (plan == nullptr) return call(fd, length);
  return step(kind_of(fd, 't', 't'), [&] { return call(fd, length); });
}

int rename(const char *from, const char *to) {
  static auto *call = real<int(const char *, const char *)>("rename");
  return step(is_below(to) ? 'r' : NOTHING, [&] { return call(from, to); });
}

int unlink(const char *path) {
  static auto *call = real<int(const char *)>("unlink");
  return step(is_below(path) ? 'u' : NOTHING, [&] { return call(path); });
}

} // extern "C"
