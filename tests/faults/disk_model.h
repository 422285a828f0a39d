// DiskModel: what a disk would hold if power were lost now.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "schemas/vocab/bytes.h"

namespace spine::faults {

// A small random sequence of our own: the same everywhere, for every seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();                                        // splitmix64
  std::uint64_t below(std::uint64_t n) { return next() % n; }  // REQUIRES: n > 0
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

 private:
  std::uint64_t state_;
};

// Content of one file: what was synced, and every version of each 512-byte sector written since.
class FileModel {
 public:
  static constexpr std::size_t kSectorBytes = 512;
  using Sector = std::array<std::byte, kSectorBytes>;

  std::uint64_t length() const { return length_; }
  // What was there, durably, before anything was recorded. REQUIRES: a fresh object.
  void adopt(ByteSpan content);
  void write(std::uint64_t offset, ByteSpan bytes);
  // Truncates or extends with zeros.
  void set_length(std::uint64_t length);
  void sync();
  // What a write to a descriptor with O_DSYNC makes durable.
  void sync_range(std::uint64_t offset, std::uint64_t bytes);

  // What survives: synced sectors whole; of the others, independently of each other (so in any
  // order), one of the versions, or the beginning of one over another, or none.
  std::map<std::uint64_t, Sector> lose_power(Random& random, std::uint64_t& length) const;

 private:
  static constexpr std::size_t kVersionsMax = 4;
  Sector latest(std::uint64_t index) const;
  void put(std::uint64_t index, const Sector& sector);

  std::map<std::uint64_t, Sector> durable_{};
  std::map<std::uint64_t, std::vector<Sector>> pending_{};
  std::uint64_t durable_length_{};
  std::uint64_t length_{};
  std::vector<std::uint64_t> pending_lengths_{};
};

// The files below one directory, and their names.
class DiskModel {
 public:
  using FileId = std::size_t;

  // The file with that name, made if there is none. Paths are absolute and normalised.
  FileId open(const std::string& path);
  bool exists(const std::string& path) const { return names_.contains(path); }
  FileModel& file(FileId id) { return files_[id]; }
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path) { names_.erase(path); }
  // Makes the names directly in the directory durable.
  void sync_names(const std::string& dir);
  // A file that was there before: content and name are durable.
  void adopt(const std::string& path, ByteSpan content);
  // Lengths of all files that have a name.
  std::uint64_t bytes() const;

  struct SurvivingFile {
    std::string path{};
    std::uint64_t length{};
    std::map<std::uint64_t, FileModel::Sector> sectors{};
  };
  // Names that were not synced are those of before or after, directory by directory.
  std::vector<SurvivingFile> lose_power(Random& random) const;

 private:
  std::vector<FileModel> files_{};
  std::map<std::string, FileId> names_{};
  std::map<std::string, FileId> durable_names_{};
};

}  // namespace spine::faults
