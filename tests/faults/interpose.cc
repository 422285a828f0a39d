// The functions of the preloaded library that stand in front of the C library's: they record what a
// process writes below one directory, until it loses power.
//
//   SPINE_FAULT_DIR         the directory, absolute; nothing else is looked at
//   SPINE_FAULT_IMAGE       where to put what survived, same layout as SPINE_FAULT_DIR
//   SPINE_FAULT_SEED        of every random choice
//   SPINE_FAULT_AT          number of the operation at which power is lost; 0 or absent = never
//   SPINE_FAULT_SPACE_FILE  a file with the number of bytes the files may have together; read again
//                           at every operation that needs space; absent = no limit
//
// The files themselves are written as usual, so the process runs normally until it ends with exit
// status 86. Syncs are recorded, not done. LMDB's lock.mdb is not tracked: it means nothing after a
// power loss. Memory that is mapped and written is not seen (the journal maps for reading only).
#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

#include "tests/faults/layer.h"

namespace spine::faults {
namespace {

using OpenAt = int (*)(int, const char*, int, ...);
using Write = ssize_t (*)(int, const void*, std::size_t);
using PWrite = ssize_t (*)(int, const void*, std::size_t, off_t);
using Allocate = int (*)(int, off_t, off_t);

// Absolute and without "." or ".." (which do not occur behind a symbolic link here).
std::string absolute(int dir_fd, const char* path) {
  std::string full = path;
  if (full.empty() || full[0] != '/') {
    char base[4096]{};
    const std::string link =
        dir_fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(dir_fd);
    if (::readlink(link.c_str(), base, sizeof(base) - 1) < 0) return full;
    full = std::string(base) + "/" + full;
  }
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from < full.size()) {
    const std::size_t to = std::min(full.find('/', from), full.size());
    const std::string part = full.substr(from, to - from);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    from = to + 1;
  }
  std::string normal;
  for (const std::string& part : parts)
    normal += "/" + part;
  return normal;
}

int open_tracked(int dir_fd, const char* path, int flags, mode_t mode) {
  Call call;
  const auto open = [&](int with) { return real<OpenAt>("openat")(dir_fd, path, with, mode); };
  Layer* layer = call.layer();
  if (layer == nullptr) return open(flags);
  const std::string full = absolute(dir_fd, path);
  if (!layer->tracks(full)) return open(flags);
  struct stat status {};
  const bool existed = ::stat(full.c_str(), &status) == 0;
  const int fd = open(flags & ~O_SYNC);  // syncs are recorded, not done
  if (fd >= 0) layer->opened(fd, full, flags, existed);
  return fd;
}

// -1 with ENOSPC when the disk is full, otherwise what `write` gives; records what it wrote.
template <class WriteCall>
ssize_t write_tracked(int fd, const iovec* parts, int count, off_t offset, WriteCall write) {
  Call call;
  FileModel* file = call.file(fd);
  if (file == nullptr) return write();
  const Descriptor descriptor = *call.descriptor(fd);
  if (offset < 0) offset = ::lseek(fd, 0, SEEK_CUR);
  auto at = static_cast<std::uint64_t>(offset);
  if (descriptor.append) at = file->length();
  std::uint64_t bytes = 0;
  for (int i = 0; i < count; ++i)
    bytes += parts[i].iov_len;
  const std::uint64_t end = at + bytes;
  if (!call.layer()->has_space(end > file->length() ? end - file->length() : 0)) {
    errno = ENOSPC;
    return -1;
  }
  const ssize_t written = write();
  if (written <= 0) return written;
  auto left = static_cast<std::size_t>(written);
  std::uint64_t to = at;
  for (int i = 0; i < count && left > 0; ++i) {
    const std::size_t n = std::min(left, parts[i].iov_len);
    file->write(to, {static_cast<const std::byte*>(parts[i].iov_base), n});
    to += n;
    left -= n;
  }
  call.layer()->tick();
  if (descriptor.synced) file->sync_range(at, to - at);
  return written;
}

int sync_tracked(int fd, const char* name) {
  Call call;
  Descriptor* descriptor = call.descriptor(fd);
  if (descriptor == nullptr) return real<int (*)(int)>(name)(fd);
  call.layer()->tick();
  if (descriptor->directory) {
    call.layer()->disk().sync_names(descriptor->path);
  } else {
    call.layer()->disk().file(descriptor->file).sync();
  }
  return 0;
}

// As posix_fallocate: gives an errno value.
int allocate_tracked(int fd, off_t offset, off_t bytes) {
  Call call;
  FileModel* file = call.file(fd);
  if (file != nullptr) {
    const auto end = static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(bytes);
    const std::uint64_t growth = end > file->length() ? end - file->length() : 0;
    if (!call.layer()->has_space(growth)) return ENOSPC;
    if (growth != 0) {
      file->set_length(end);
      call.layer()->tick();
    }
  }
  return real<Allocate>("posix_fallocate")(fd, offset, bytes);
}

int truncate_tracked(int fd, off_t length) {
  Call call;
  if (FileModel* file = call.file(fd); file != nullptr) {
    file->set_length(static_cast<std::uint64_t>(length));
    call.layer()->tick();
  }
  return real<int (*)(int, off_t)>("ftruncate")(fd, length);
}

template <class RemoveCall>
int remove_tracked(int dir_fd, const char* path, RemoveCall remove) {
  Call call;
  const int result = remove();
  Layer* layer = call.layer();
  if (layer == nullptr || result != 0) return result;
  const std::string full = absolute(dir_fd, path);
  if (layer->tracks(full) && layer->disk().exists(full)) {
    layer->disk().remove(full);
    layer->tick();
  }
  return result;
}

}  // namespace
}  // namespace spine::faults

extern "C" {

using namespace spine::faults;  // NOLINT: these names must be global

__attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_tracked(AT_FDCWD, path, flags, mode);
}

__attribute__((visibility("default"))) int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_tracked(AT_FDCWD, path, flags, mode);
}

__attribute__((visibility("default"))) int openat(int dir, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_tracked(dir, path, flags, mode);
}

__attribute__((visibility("default"))) int close(int fd) {
  Call call;
  if (Layer* layer = call.layer(); layer != nullptr) layer->forget(fd);
  return real<int (*)(int)>("close")(fd);
}

__attribute__((visibility("default"))) ssize_t write(int fd, const void* data, std::size_t n) {
  const iovec part{const_cast<void*>(data), n};
  return write_tracked(fd, &part, 1, -1, [&] { return real<Write>("write")(fd, data, n); });
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void* data, std::size_t n,
                                                      off_t at) {
  const iovec part{const_cast<void*>(data), n};
  return write_tracked(fd, &part, 1, at, [&] { return real<PWrite>("pwrite")(fd, data, n, at); });
}

__attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void* data, std::size_t n,
                                                        off_t at) {
  return pwrite(fd, data, n, at);
}

__attribute__((visibility("default"))) ssize_t writev(int fd, const iovec* parts, int count) {
  using WriteV = ssize_t (*)(int, const iovec*, int);
  return write_tracked(fd, parts, count, -1,
                       [&] { return real<WriteV>("writev")(fd, parts, count); });
}

__attribute__((visibility("default"))) ssize_t pwritev(int fd, const iovec* parts, int count,
                                                       off_t at) {
  using PWriteV = ssize_t (*)(int, const iovec*, int, off_t);
  return write_tracked(fd, parts, count, at,
                       [&] { return real<PWriteV>("pwritev")(fd, parts, count, at); });
}

__attribute__((visibility("default"))) int fsync(int fd) {
  return sync_tracked(fd, "fsync");
}

__attribute__((visibility("default"))) int fdatasync(int fd) {
  return sync_tracked(fd, "fdatasync");
}

__attribute__((visibility("default"))) int posix_fallocate(int fd, off_t at, off_t n) {
  return allocate_tracked(fd, at, n);
}

__attribute__((visibility("default"))) int posix_fallocate64(int fd, off_t at, off_t n) {
  return allocate_tracked(fd, at, n);
}

__attribute__((visibility("default"))) int ftruncate(int fd, off_t length) {
  return truncate_tracked(fd, length);
}

__attribute__((visibility("default"))) int ftruncate64(int fd, off_t length) {
  return truncate_tracked(fd, length);
}

__attribute__((visibility("default"))) int rename(const char* from, const char* to) {
  Call call;
  const int result = real<int (*)(const char*, const char*)>("rename")(from, to);
  Layer* layer = call.layer();
  if (layer == nullptr || result != 0) return result;
  const std::string full_from = absolute(AT_FDCWD, from);
  const std::string full_to = absolute(AT_FDCWD, to);
  if (layer->tracks(full_from) && layer->tracks(full_to)) {
    layer->disk().rename(full_from, full_to);
    layer->tick();
  }
  return result;
}

__attribute__((visibility("default"))) int unlink(const char* path) {
  return remove_tracked(AT_FDCWD, path, [&] { return real<int (*)(const char*)>("unlink")(path); });
}

__attribute__((visibility("default"))) int unlinkat(int dir, const char* path, int flags) {
  return remove_tracked(dir, path, [&] {
    return real<int (*)(int, const char*, int)>("unlinkat")(dir, path, flags);
  });
}

__attribute__((visibility("default"))) int remove(const char* path) {
  return remove_tracked(AT_FDCWD, path, [&] { return real<int (*)(const char*)>("remove")(path); });
}

}  // extern "C"
