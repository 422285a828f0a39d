// Recording, and writing what survived.
#include "tests/faults/layer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace spine::faults {
namespace {

constexpr int kPowerLostStatus = 86;

using Open = int (*)(const char*, int, ...);
using PWrite = ssize_t (*)(int, const void*, std::size_t, off_t);

thread_local bool inside = false;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Layer& Layer::get() {
  static Layer* const layer = new Layer();  // never destroyed: used until the last write
  return *layer;
}

Layer::Layer()
    : dir_(variable("SPINE_FAULT_DIR")),
      image_(variable("SPINE_FAULT_IMAGE")),
      space_file_(variable("SPINE_FAULT_SPACE_FILE")),
      seed_(std::strtoull(variable("SPINE_FAULT_SEED").c_str(), nullptr, 10)),
      at_(std::strtoull(variable("SPINE_FAULT_AT").c_str(), nullptr, 10)) {}

bool Layer::tracks(const std::string& path) const {
  if (dir_.empty() || path.compare(0, dir_.size(), dir_) != 0) return false;
  if (path.size() > dir_.size() && path[dir_.size()] != '/') return false;
  return !path.ends_with("/lock.mdb");
}

Descriptor* Layer::find(int fd) {
  const auto it = descriptors_.find(fd);
  return it == descriptors_.end() ? nullptr : &it->second;
}

bool Layer::has_space(std::uint64_t growth) const {
  if (space_file_.empty() || growth == 0) return true;
  std::FILE* file = std::fopen(space_file_.c_str(), "re");
  if (file == nullptr) return true;
  unsigned long long limit = 0;
  const bool read = std::fscanf(file, "%llu", &limit) == 1;
  std::fclose(file);
  return !read || disk_.bytes() + growth <= limit;
}

void Layer::opened(int fd, const std::string& path, int flags, bool existed) {
  struct stat status {};
  ::fstat(fd, &status);
  Descriptor descriptor;
  descriptor.path = path;
  descriptor.directory = S_ISDIR(status.st_mode);
  descriptor.synced = (flags & O_DSYNC) != 0;  // O_SYNC includes it
  descriptor.append = (flags & O_APPEND) != 0;
  if (!descriptor.directory) {
    if (existed && !disk_.exists(path)) adopt(path, status);
    descriptor.file = disk_.open(path);
    if (existed && (flags & O_TRUNC) != 0) {
      disk_.file(descriptor.file).set_length(0);
      tick();
    }
  }
  descriptors_[fd] = descriptor;
}

// A file of before the process started. One that has just been truncated is adopted empty.
void Layer::adopt(const std::string& path, const struct stat& status) {
  std::vector<std::byte> content(static_cast<std::size_t>(status.st_size));
  const int fd = real<Open>("open")(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t n =
        ::pread(fd, content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  real<int (*)(int)>("close")(fd);
  disk_.adopt(path, content);
}

void Layer::lose_power() {
  Random random(seed_);
  for (const DiskModel::SurvivingFile& file : disk_.lose_power(random))
    write_image(file);
  std::fprintf(stderr, "power lost at operation %llu, seed %llu\n",
               static_cast<unsigned long long>(operations_),
               static_cast<unsigned long long>(seed_));
  ::_exit(kPowerLostStatus);
}

void Layer::write_image(const DiskModel::SurvivingFile& file) const {
  const std::string to = image_ + file.path.substr(dir_.size());
  ::mkdir(image_.c_str(), 0700);
  for (std::size_t at = image_.size(); (at = to.find('/', at + 1)) != std::string::npos;) {
    ::mkdir(to.substr(0, at).c_str(), 0700);
  }
  const int fd = real<Open>("open")(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool good = fd >= 0;
  for (const auto& [index, sector] : file.sectors) {
    const std::uint64_t offset = index * FileModel::kSectorBytes;
    if (offset >= file.length) break;
    const std::size_t n = std::min<std::uint64_t>(sector.size(), file.length - offset);
    good = good && real<PWrite>("pwrite")(fd, sector.data(), n, static_cast<off_t>(offset)) ==
                       static_cast<ssize_t>(n);
  }
  good = good && real<int (*)(int, off_t)>("ftruncate")(fd, static_cast<off_t>(file.length)) == 0;
  if (!good) {
    std::fprintf(stderr, "the image %s cannot be written\n", to.c_str());
    ::_exit(1);
  }
  real<int (*)(int)>("close")(fd);
}

Call::Call() {
  if (inside) return;
  layer_ = &Layer::get();
  layer_->mutex_.lock();
  inside = true;
}

Call::~Call() {
  if (layer_ == nullptr) return;
  inside = false;
  layer_->mutex_.unlock();
}

FileModel* Call::file(int fd) {
  const Descriptor* found = descriptor(fd);
  return found == nullptr || found->directory ? nullptr : &layer_->disk().file(found->file);
}

}  // namespace spine::faults
