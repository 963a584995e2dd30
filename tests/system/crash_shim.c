// Kills the program at a chosen point of its own doing, for kill_test.py. Preloaded into the real
// binary, which knows nothing of it: the calls that libuv, SQLite and the program make into shared
// libraries pass through here.
//
//   CRASH_AT    steps joined by ">"; each waits for the one before it, the last one kills:
//               CALL:PATTERN:before|after:N[:LINGER_MS]
//   FAIL_AT     CALL:PATTERN:N:once|ever: the Nth fdatasync or pwrite of a file whose path contains
//               PATTERN fails with EIO, or that one and all after it; FAIL_NOTE is then written, so
//               that somebody outside knows when
//   CRASH_NOTE  file that is told what was seen at each step, just before the end
//   SYNC_MS     how long each sync of a write-ahead file takes, so that what does not wait for it is
//               seen by whoever looks from outside
//
// CALL is one of
//   write      a write to a descriptor whose bytes contain PATTERN
//   read       a read that returned bytes containing PATTERN
//   event      an event of type PATTERN is being inserted into the log (inside its transaction)
//   commit     a transaction of the log is being committed
//   fdatasync, pwrite, open    on a file whose path contains PATTERN
//   idle       the program has told the carrier that it has nothing to do, and nobody owes anybody
//              an answer
// N counts the matches; LINGER_MS leaves the other threads time to do what they should not.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { steps_max = 8, word_max = 64, seen_max = 2048, files_max = 1024 };

struct step {
  char call[word_max];
  char pattern[word_max];
  int after;
  long count;
  long linger_ms;
};

static struct step steps[steps_max];
static int steps_known = 0;
static int steps_done = 0;
static long sync_ms = 0;
static char fail_call[word_max];
static char fail_pattern[word_max];
static long fail_number = 0;
static int fail_ever = 0;
static long fail_seen = 0;
static char note[256 * 1024];
static size_t note_bytes = 0;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// Between the program and the carrier: requests that wait for their answer, in either direction.
static int owed = 0;
// The last request that was read from each descriptor.
static char requests[files_max][seen_max];

// The event that is being inserted, for each thread.
static __thread char stream[256];
static __thread char type[word_max];
static __thread long long version;

static void* next_of(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}
// dlsym gives no function; POSIX says that it may be used as one.
#define REAL(result, name, ...)              \
  static result (*real)(__VA_ARGS__) = NULL; \
  if (real == NULL) *(void**)(&real) = next_of(name)

static void take_word(char* to, const char** from) {
  size_t length = 0;
  while (**from != '\0' && **from != ':' && **from != '>') {
    if (length + 1 < word_max) to[length++] = **from;
    ++*from;
  }
  to[length] = '\0';
  if (**from == ':') ++*from;
}

__attribute__((constructor)) static void read_plan(void) {
  const char* plan = getenv("CRASH_AT");
  while (plan != NULL && *plan != '\0' && steps_known < steps_max) {
    struct step* step = &steps[steps_known++];
    char word[word_max];
    take_word(step->call, &plan);
    take_word(step->pattern, &plan);
    take_word(word, &plan);
    step->after = strcmp(word, "after") == 0;
    take_word(word, &plan);
    step->count = atol(word);
    take_word(word, &plan);
    step->linger_ms = atol(word);
    if (*plan == '>') ++plan;
  }
  const char* failure = getenv("FAIL_AT");
  if (failure != NULL) {
    char word[word_max];
    take_word(fail_call, &failure);
    take_word(fail_pattern, &failure);
    take_word(word, &failure);
    fail_number = atol(word);
    take_word(word, &failure);
    fail_ever = strcmp(word, "ever") == 0;
  }
  // What we start ourselves is not to be killed.
  unsetenv("CRASH_AT");
  const char* slow = getenv("SYNC_MS");
  if (slow != NULL) sync_ms = atol(slow);
}

static void sleep_ms(long ms) {
  const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

// One line of the note: every byte that is not plain is written as %XX.
static void write_down(const char* bytes, size_t count) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < count && note_bytes + 4 < sizeof note; ++i) {
    const unsigned char c = (unsigned char)bytes[i];
    if (c > ' ' && c < 127 && c != '%') {
      note[note_bytes++] = (char)c;
    } else {
      note[note_bytes++] = '%';
      note[note_bytes++] = digits[c >> 4];
      note[note_bytes++] = digits[c & 15];
    }
  }
}

static void die(long linger_ms) {
  const char* file = getenv("CRASH_NOTE");
  if (linger_ms > 0) sleep_ms(linger_ms);
  if (file != NULL) {
    const long fd = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0) syscall(SYS_write, fd, note, note_bytes);
  }
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

// Whether this call is what the plan waits for. `seen` is what the note keeps of it, `subject` what
// the pattern is looked for in.
static void meet(const char* call, int after, const char* subject, size_t subject_bytes,
                 const char* seen, size_t seen_bytes) {
  if (steps_known == 0) return;
  pthread_mutex_lock(&mutex);
  if (steps_done == steps_known) {  // somebody is about to kill us; go on until then
    pthread_mutex_unlock(&mutex);
    return;
  }
  struct step* step = &steps[steps_done];
  const size_t length = strlen(step->pattern);
  const int matches = strcmp(step->call, call) == 0 && step->after == after &&
                      (length == 0 || memmem(subject, subject_bytes, step->pattern, length));
  if (!matches || --step->count > 0) {
    pthread_mutex_unlock(&mutex);
    return;
  }
  write_down(call, strlen(call));
  note[note_bytes++] = '\t';
  write_down(seen, seen_bytes < seen_max ? seen_bytes : seen_max);
  note[note_bytes++] = '\n';
  const int last = ++steps_done == steps_known;
  pthread_mutex_unlock(&mutex);
  if (last) die(step->linger_ms);
}

static int begins(const char* bytes, size_t count, const char* with) {
  const size_t length = strlen(with);
  return count >= length && memcmp(bytes, with, length) == 0;
}

static int is_request(const char* bytes, size_t count) {
  return begins(bytes, count, "POST /") || begins(bytes, count, "GET /");
}

static void before_write(int fd, const char* bytes, size_t count) {
  if (steps_known == 0) return;
  const char* seen = bytes;
  size_t seen_bytes = count;
  if (begins(bytes, count, "HTTP/1.1 ") && fd < files_max) {
    // An answer says nothing of what it answers.
    seen = requests[fd];
    seen_bytes = strlen(seen);
  }
  meet("write", 0, bytes, count, seen, seen_bytes);
}

static void after_write(const char* bytes, size_t count) {
  if (steps_known == 0) return;
  if (is_request(bytes, count)) __atomic_add_fetch(&owed, 1, __ATOMIC_SEQ_CST);
  if (begins(bytes, count, "HTTP/1.1 ")) __atomic_sub_fetch(&owed, 1, __ATOMIC_SEQ_CST);
  meet("write", 1, bytes, count, bytes, count);
  const int says_quiet = begins(bytes, count, "quiet ") || memmem(bytes, count, "\nquiet ", 7);
  if (says_quiet && __atomic_load_n(&owed, __ATOMIC_SEQ_CST) == 0) {
    meet("idle", 1, bytes, count, bytes, count);
  }
}

static void after_read(int fd, const char* bytes, ssize_t got) {
  if (steps_known == 0 || got <= 0) return;
  const size_t count = (size_t)got;
  if (is_request(bytes, count)) {
    __atomic_add_fetch(&owed, 1, __ATOMIC_SEQ_CST);
    if (fd >= 0 && fd < files_max) {
      const size_t kept = count < seen_max - 1 ? count : seen_max - 1;
      memcpy(requests[fd], bytes, kept);
      requests[fd][kept] = '\0';
    }
  }
  if (begins(bytes, count, "HTTP/1.1 ")) __atomic_sub_fetch(&owed, 1, __ATOMIC_SEQ_CST);
  meet("read", 1, bytes, count, bytes, count);
}

// The pieces of a gathered write, as far as a note goes.
static size_t gather(char* to, const struct iovec* pieces, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count && bytes < seen_max; ++i) {
    size_t length = pieces[i].iov_len;
    if (length > seen_max - bytes) length = seen_max - bytes;
    memcpy(to + bytes, pieces[i].iov_base, length);
    bytes += length;
  }
  return bytes;
}

ssize_t write(int fd, const void* bytes, size_t count) {
  REAL(ssize_t, "write", int, const void*, size_t);
  before_write(fd, bytes, count);
  const ssize_t done = real(fd, bytes, count);
  after_write(bytes, count);
  return done;
}

ssize_t send(int fd, const void* bytes, size_t count, int flags) {
  REAL(ssize_t, "send", int, const void*, size_t, int);
  before_write(fd, bytes, count);
  const ssize_t done = real(fd, bytes, count, flags);
  after_write(bytes, count);
  return done;
}

ssize_t writev(int fd, const struct iovec* pieces, int count) {
  REAL(ssize_t, "writev", int, const struct iovec*, int);
  char bytes[seen_max];
  const size_t gathered = gather(bytes, pieces, count);
  before_write(fd, bytes, gathered);
  const ssize_t done = real(fd, pieces, count);
  after_write(bytes, gathered);
  return done;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  REAL(ssize_t, "sendmsg", int, const struct msghdr*, int);
  char bytes[seen_max];
  const size_t gathered = gather(bytes, message->msg_iov, (int)message->msg_iovlen);
  before_write(fd, bytes, gathered);
  const ssize_t done = real(fd, message, flags);
  after_write(bytes, gathered);
  return done;
}

ssize_t read(int fd, void* bytes, size_t count) {
  REAL(ssize_t, "read", int, void*, size_t);
  const ssize_t got = real(fd, bytes, count);
  after_read(fd, bytes, got);
  return got;
}

ssize_t recv(int fd, void* bytes, size_t count, int flags) {
  REAL(ssize_t, "recv", int, void*, size_t, int);
  const ssize_t got = real(fd, bytes, count, flags);
  after_read(fd, bytes, got);
  return got;
}

// The path behind a descriptor; asked only where the plan is about files.
static size_t path_of(int fd, char* path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, size - 1);
  path[length > 0 ? length : 0] = '\0';
  return strlen(path);
}

static int plan_is_about(const char* call) {
  const int done = __atomic_load_n(&steps_done, __ATOMIC_SEQ_CST);
  return done < steps_known && strcmp(steps[done].call, call) == 0;
}

// Whether this call is to fail, by the order of FAIL_AT.
static int fails(const char* call, int fd) {
  if (fail_number == 0 || strcmp(call, fail_call) != 0) return 0;
  char path[512];
  path_of(fd, path, sizeof path);
  if (strstr(path, fail_pattern) == NULL) return 0;
  const long seen = __atomic_add_fetch(&fail_seen, 1, __ATOMIC_SEQ_CST);
  if (seen < fail_number || (seen > fail_number && !fail_ever)) return 0;
  const char* told = getenv("FAIL_NOTE");
  if (seen == fail_number && told != NULL) {
    const int file = open(told, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) {
      // For whoever looks into it: which file it was.
      if (syscall(SYS_write, file, path, strlen(path)) < 0) abort();
      close(file);
    }
  }
  errno = EIO;
  return 1;
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  if (fails("fdatasync", fd)) return -1;
  if (sync_ms == 0 && !plan_is_about("fdatasync")) return real(fd);
  char path[512];
  const size_t length = path_of(fd, path, sizeof path);
  meet("fdatasync", 0, path, length, path, length);
  if (sync_ms > 0 && length > 4 && strcmp(path + length - 4, "-wal") == 0) sleep_ms(sync_ms);
  const int result = real(fd);
  meet("fdatasync", 1, path, length, path, length);
  return result;
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void*, size_t, off64_t);
  if (fails("pwrite", fd)) return -1;
  if (!plan_is_about("pwrite")) return real(fd, bytes, count, offset);
  char path[512];
  const size_t length = path_of(fd, path, sizeof path);
  meet("pwrite", 0, path, length, path, length);
  const ssize_t done = real(fd, bytes, count, offset);
  meet("pwrite", 1, path, length, path, length);
  return done;
}

int open64(const char* path, int flags, ...) {
  REAL(int, "open64", const char*, int, ...);
  va_list rest;
  va_start(rest, flags);
  const int mode = va_arg(rest, int);
  va_end(rest);
  const int fd = real(path, flags, mode);
  meet("open", 1, path, strlen(path), path, strlen(path));
  return fd;
}

// The log's insert binds 2 stream, 3 version, 4 type, 12 payload (eventstore/schema.hpp).
struct sqlite3_stmt;
const char* sqlite3_sql(struct sqlite3_stmt* statement);

int sqlite3_bind_int64(struct sqlite3_stmt* statement, int index, long long value) {
  REAL(int, "sqlite3_bind_int64", struct sqlite3_stmt*, int, long long);
  if (index == 3) version = value;
  return real(statement, index, value);
}

int sqlite3_bind_text(struct sqlite3_stmt* statement, int index, const char* text, int bytes,
                      void (*release)(void*)) {
  REAL(int, "sqlite3_bind_text", struct sqlite3_stmt*, int, const char*, int, void (*)(void*));
  if (steps_known > 0 && text != NULL) {
    const int length = bytes >= 0 ? bytes : (int)strlen(text);
    if (index == 2) snprintf(stream, sizeof stream, "%.*s", length, text);
    if (index == 4) snprintf(type, sizeof type, "%.*s", length, text);
    if (index == 12) {
      char seen[seen_max];
      const int most = seen_max - 512;
      snprintf(seen, sizeof seen, "%s %lld %s %.*s", stream, version, type,
               length < most ? length : most, text);
      meet("event", 0, type, strlen(type), seen, strlen(seen));
    }
  }
  return real(statement, index, text, bytes, release);
}

int sqlite3_step(struct sqlite3_stmt* statement) {
  REAL(int, "sqlite3_step", struct sqlite3_stmt*);
  const char* sql = steps_known > 0 ? sqlite3_sql(statement) : NULL;
  if (sql == NULL || strcmp(sql, "COMMIT") != 0) return real(statement);
  meet("commit", 0, sql, strlen(sql), sql, strlen(sql));
  const int result = real(statement);
  meet("commit", 1, sql, strlen(sql), sql, strlen(sql));
  return result;
}
