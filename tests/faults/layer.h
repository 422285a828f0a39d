// Layer: the record of what one process did to the disk, and the moment it loses power.
#pragma once

#include <cstdint>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <string>
#include <sys/stat.h>

#include "tests/faults/disk_model.h"

namespace spine::faults {

// The C library's own function behind one of ours.
template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

struct Descriptor {
  std::string path{};  // of a directory; files are known by id
  DiskModel::FileId file{};
  bool directory{};
  bool synced{};  // O_DSYNC or O_SYNC
  bool append{};
};

// Configured by the environment variables described in interpose.cc. Thread: any, under Call.
class Layer {
 public:
  static Layer& get();

  bool tracks(const std::string& path) const;
  // Null when the descriptor is not of a tracked file or directory.
  Descriptor* find(int fd);
  void forget(int fd) { descriptors_.erase(fd); }
  // A tracked path was opened; `existed` before.
  void opened(int fd, const std::string& path, int flags, bool existed);
  // One operation that changes the disk is about to become durable, or has been recorded.
  void tick() {
    if (++operations_ == at_) lose_power();
  }
  // Whether the files may grow by that much.
  bool has_space(std::uint64_t growth) const;
  DiskModel& disk() { return disk_; }

 private:
  friend class Call;
  Layer();
  void adopt(const std::string& path, const struct stat& status);
  [[noreturn]] void lose_power();
  void write_image(const DiskModel::SurvivingFile& file) const;

  std::mutex mutex_{};
  std::map<int, Descriptor> descriptors_{};
  DiskModel disk_{};
  std::string dir_{};
  std::string image_{};
  std::string space_file_{};
  std::uint64_t seed_{};
  std::uint64_t at_{};
  std::uint64_t operations_{};
};

// Locks the layer for one call. What the layer itself calls meanwhile is not recorded.
class Call {
 public:
  Call();
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // All null inside a call of the layer's own.
  Layer* layer() { return layer_; }
  Descriptor* descriptor(int fd) { return layer_ == nullptr ? nullptr : layer_->find(fd); }
  FileModel* file(int fd);

 private:
  Layer* layer_{};
};

}  // namespace spine::faults
