// The model of a disk with a volatile cache.
#include "tests/faults/disk_model.h"

#include <algorithm>
#include <cstring>

namespace spine::faults {
namespace {

constexpr std::size_t kSectorBytes = FileModel::kSectorBytes;

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// How a power loss treats what was not synced: the extremes are as likely as the mixtures.
enum class Mood : std::uint8_t { keep_all, keep_none, keep_most, keep_few, anything };

Mood mood_of(Random& random) {
  return static_cast<Mood>(random.below(5));
}

bool keeps(Mood mood, Random& random) {
  switch (mood) {
    case Mood::keep_all:
      return true;
    case Mood::keep_none:
      return false;
    case Mood::keep_most:
      return !random.chance(8);
    case Mood::keep_few:
      return random.chance(8);
    case Mood::anything:
      return random.chance(2);
  }
  return true;
}

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

FileModel::Sector FileModel::latest(std::uint64_t index) const {
  if (const auto it = pending_.find(index); it != pending_.end()) return it->second.back();
  if (const auto it = durable_.find(index); it != durable_.end()) return it->second;
  return Sector{};
}

void FileModel::put(std::uint64_t index, const Sector& sector) {
  std::vector<Sector>& versions = pending_[index];
  if (versions.size() == kVersionsMax) versions.erase(versions.begin() + 1);
  versions.push_back(sector);
}

void FileModel::write(std::uint64_t offset, ByteSpan bytes) {
  while (!bytes.empty()) {
    const std::uint64_t index = offset / kSectorBytes;
    const std::size_t within = offset % kSectorBytes;
    const std::size_t n = std::min(bytes.size(), kSectorBytes - within);
    Sector sector = latest(index);
    std::memcpy(sector.data() + within, bytes.data(), n);
    put(index, sector);
    bytes = bytes.subspan(n);
    offset += n;
  }
  if (offset > length_) {
    length_ = offset;
    pending_lengths_.push_back(length_);
  }
}

void FileModel::adopt(ByteSpan content) {
  durable_length_ = length_ = content.size();
  for (std::uint64_t index = 0; index * kSectorBytes < content.size(); ++index) {
    const ByteSpan rest = content.subspan(index * kSectorBytes);
    Sector sector{};
    std::memcpy(sector.data(), rest.data(), std::min(rest.size(), kSectorBytes));
    // Space allocated ahead is zeros by the megabyte.
    if (sector != Sector{}) durable_[index] = sector;
  }
}

void FileModel::set_length(std::uint64_t length) {
  if (length < length_) {
    // What is cut off reads as zeros should the file grow again.
    std::vector<std::uint64_t> cut;
    const std::uint64_t from = (length + kSectorBytes - 1) / kSectorBytes;
    for (auto it = durable_.lower_bound(from); it != durable_.end(); ++it)
      cut.push_back(it->first);
    for (auto it = pending_.lower_bound(from); it != pending_.end(); ++it)
      cut.push_back(it->first);
    for (const std::uint64_t index : cut)
      put(index, Sector{});
    if (const std::size_t rest = length % kSectorBytes; rest != 0) {
      Sector sector = latest(length / kSectorBytes);
      std::fill(sector.begin() + static_cast<std::ptrdiff_t>(rest), sector.end(), std::byte{0});
      put(length / kSectorBytes, sector);
    }
  }
  length_ = length;
  pending_lengths_.push_back(length);
}

void FileModel::sync() {
  for (const auto& [index, versions] : pending_)
    durable_[index] = versions.back();
  pending_.clear();
  durable_length_ = length_;
  pending_lengths_.clear();
}

void FileModel::sync_range(std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t end = (offset + bytes + kSectorBytes - 1) / kSectorBytes;
  for (std::uint64_t index = offset / kSectorBytes; index < end; ++index) {
    const auto it = pending_.find(index);
    if (it == pending_.end()) continue;
    durable_[index] = it->second.back();
    pending_.erase(it);
  }
  durable_length_ = std::max(durable_length_, std::min(length_, offset + bytes));
  std::erase_if(pending_lengths_, [&](std::uint64_t length) { return length < durable_length_; });
}

std::map<std::uint64_t, FileModel::Sector> FileModel::lose_power(Random& random,
                                                                 std::uint64_t& length) const {
  const Mood mood = mood_of(random);
  length = durable_length_;
  if (!pending_lengths_.empty() && keeps(mood, random)) {
    length = pending_lengths_[random.below(pending_lengths_.size())];
  }
  std::map<std::uint64_t, Sector> sectors = durable_;
  for (const auto& [index, versions] : pending_) {
    if (!keeps(mood, random)) continue;
    const Sector& kept =
        mood == Mood::keep_all ? versions.back() : versions[random.below(versions.size())];
    // Torn: the disk wrote the first words of the sector only.
    const bool torn = mood != Mood::keep_all && random.chance(6);
    const std::size_t n = torn ? 8 * random.below(kSectorBytes / 8) : kSectorBytes;
    std::copy_n(kept.begin(), n, sectors[index].begin());
  }
  return sectors;
}

DiskModel::FileId DiskModel::open(const std::string& path) {
  const auto [it, made] = names_.try_emplace(path, files_.size());
  if (made) files_.emplace_back();
  return it->second;
}

void DiskModel::rename(const std::string& from, const std::string& to) {
  const auto it = names_.find(from);
  if (it == names_.end()) return;
  const FileId id = it->second;
  names_.erase(it);
  names_[to] = id;
}

void DiskModel::sync_names(const std::string& dir) {
  std::erase_if(durable_names_, [&](const auto& entry) { return parent_of(entry.first) == dir; });
  for (const auto& [path, id] : names_) {
    if (parent_of(path) == dir) durable_names_[path] = id;
  }
}

void DiskModel::adopt(const std::string& path, ByteSpan content) {
  const FileId id = open(path);
  files_[id].adopt(content);
  durable_names_[path] = id;
}

std::uint64_t DiskModel::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [path, id] : names_)
    sum += files_[id].length();
  return sum;
}

std::vector<DiskModel::SurvivingFile> DiskModel::lose_power(Random& random) const {
  std::map<std::string, bool> after_by_dir;
  const auto survives = [&](const std::string& path) {
    const auto [it, made] = after_by_dir.try_emplace(parent_of(path), false);
    if (made) it->second = random.chance(2);
    const auto& names = it->second ? names_ : durable_names_;
    return names.contains(path) ? &files_[names.at(path)] : nullptr;
  };
  std::map<std::string, FileId> either = names_;
  either.insert(durable_names_.begin(), durable_names_.end());
  std::vector<SurvivingFile> files;
  for (const auto& [path, id] : either) {
    const FileModel* file = survives(path);
    if (file == nullptr) continue;
    SurvivingFile surviving;
    surviving.path = path;
    surviving.sectors = file->lose_power(random, surviving.length);
    files.push_back(std::move(surviving));
  }
  return files;
}

}  // namespace spine::faults
