// MediaStore and StoredFile: each content once, whole, within bounds.
#include "adapters/media/media_store.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/vocab/sha256.h"
#include "tests/unit/media/media_folder.h"

namespace spine::media {
namespace {

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

class MediaStoreTest : public testing::Test {
 protected:
  MediaStore open(MediaBounds bounds = {}) {
    auto store = MediaStore::open(temp_.media(), bounds);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }
  fs::path incoming(const MediaStore& store, std::string_view text) {
    fs::path path = store.folder() / (store.temporary_prefix() + "7.partial");
    write_file(path, text);
    return path;
  }
  void age(const Digest256& sha256) {
    fs::last_write_time(temp_.media() / media_name(sha256),
                        fs::file_time_type::clock::now() - std::chrono::hours(2));
  }

  TempFolder temp_{};
};

TEST_F(MediaStoreTest, KeepsEachContentOnceUnderItsSumAndForItsOwnerAlone) {
  MediaStore store = open();
  const auto first = store.put(as_bytes(small_picture()));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->sha256, sha256_of(small_picture()));
  EXPECT_EQ(first->bytes, small_picture().size());
  EXPECT_EQ(first->mime_type, "image/gif");
  ASSERT_TRUE(store.put(as_bytes(small_picture())));
  EXPECT_EQ(store.files(), 1U);
  EXPECT_EQ(store.bytes(), small_picture().size());
  EXPECT_EQ(names_in(temp_.media()), std::vector{media_name(first->sha256)});
  EXPECT_EQ(mode_of(temp_.media()), 0700U);
  EXPECT_EQ(mode_of(temp_.media() / media_name(first->sha256)), 0600U);

  const auto stored = StoredFile::open(temp_.media(), first->sha256);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->bytes(), small_picture().size());
  std::string read;
  EXPECT_TRUE(stored->read([&](ByteSpan piece) { read += as_text(piece); }));
  EXPECT_EQ(read, small_picture());
}

TEST_F(MediaStoreTest, HandsOutAFileInPiecesAndNoticesWhenItChanges) {
  MediaStore store = open();
  const std::string text(2 * StoredFile::kPieceBytes + 5, 'x');
  const Digest256 sha256 = store.put(as_bytes(text)).value().sha256;
  const auto stored = StoredFile::open(temp_.media(), sha256);
  std::vector<std::size_t> sizes;
  ASSERT_TRUE(stored->read([&](ByteSpan piece) { sizes.push_back(piece.size()); }));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{StoredFile::kPieceBytes, StoredFile::kPieceBytes, 5}));
  write_file(temp_.media() / media_name(sha256), std::string(text.size(), 'y'));
  EXPECT_EQ(stored->read([](ByteSpan) {}).error().code, Errc::corrupt);
}

TEST_F(MediaStoreTest, TellsWhatAFileIsByItsContent) {
  MediaStore store = open();
  const auto type_of = [&](std::string_view text) {
    return store.put(as_bytes(text)).value().mime_type;
  };
  EXPECT_EQ(type_of("%PDF-1.4\n1 0 obj\n"), "application/pdf");
  EXPECT_EQ(type_of("plain words, and more of them\n"), "text/plain");
  EXPECT_EQ(type_of(std::string_view("\x00\x01\x02\x03\x9f", 5)), "application/octet-stream");
}

TEST_F(MediaStoreTest, AdoptsAFileThatCameIn) {
  MediaStore store = open();
  const fs::path path = incoming(store, "a letter");
  const auto kept = store.adopt(path);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->sha256, sha256_of("a letter"));
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(mode_of(temp_.media() / media_name(kept->sha256)), 0600U);
  EXPECT_EQ(store.files(), 1U);
}

TEST_F(MediaStoreTest, AdoptsNothingFromElsewhereAndFollowsNoLink) {
  MediaStore store = open();
  const fs::path elsewhere = temp_.media().parent_path() / (store.temporary_prefix() + "1.partial");
  write_file(elsewhere, "not ours");
  EXPECT_EQ(store.adopt(elsewhere).error().code, Errc::invalid_argument);
  EXPECT_TRUE(fs::exists(elsewhere));
  const fs::path link = store.folder() / (store.temporary_prefix() + "2.partial");
  fs::create_symlink(elsewhere, link);
  EXPECT_FALSE(store.adopt(link));
  EXPECT_EQ(text_in(elsewhere), "not ours");
  EXPECT_EQ(store.files(), 0U);
}

TEST_F(MediaStoreTest, RefusesWhatIsEmptyOrBeyondItsBoundsAndLeavesNothing) {
  MediaStore store = open({.bytes_max = 20, .files_max = 2, .file_bytes_max = 12});
  EXPECT_EQ(store.put({}).error().code, Errc::invalid_argument);
  EXPECT_EQ(store.put(as_bytes("thirteen byte")).error().code, Errc::refused);
  EXPECT_EQ(store.adopt(incoming(store, "thirteen byte")).error().code, Errc::refused);
  ASSERT_TRUE(store.put(as_bytes("twelve bytes")));
  EXPECT_EQ(store.put(as_bytes("nine byte")).error().code, Errc::no_space);
  ASSERT_TRUE(store.put(as_bytes("eight by")));
  EXPECT_EQ(store.put(as_bytes("x")).error().code, Errc::no_space);
  EXPECT_TRUE(store.put(as_bytes("twelve bytes"))) << "what is there takes no room";
  EXPECT_EQ(names_in(temp_.media()).size(), 2U);
  EXPECT_EQ(store.bytes(), 20U);
}

TEST_F(MediaStoreTest, ADamagedFileIsNeverHandedOutAndIsMendedByTheSameContent) {
  MediaStore store = open();
  const Digest256 sha256 = store.put(as_bytes("the same content")).value().sha256;
  write_file(temp_.media() / media_name(sha256), "another content!");
  EXPECT_EQ(StoredFile::open(temp_.media(), sha256).error().code, Errc::corrupt);
  ASSERT_TRUE(store.put(as_bytes("the same content")));
  EXPECT_TRUE(StoredFile::open(temp_.media(), sha256));
  write_file(temp_.media() / media_name(sha256), "the same");
  EXPECT_EQ(StoredFile::open(temp_.media(), sha256).error().code, Errc::corrupt);
  ASSERT_TRUE(store.adopt(incoming(store, "the same content")));
  EXPECT_TRUE(StoredFile::open(temp_.media(), sha256));
  ASSERT_TRUE(store.sweep({}));
  EXPECT_EQ(store.files(), 1U);
  EXPECT_EQ(store.bytes(), 16U);
  EXPECT_EQ(StoredFile::open(temp_.media(), sha256_of("never put")).error().code, Errc::not_found);
}

TEST_F(MediaStoreTest, SweepsWhatNothingRefersTo) {
  MediaStore store = open();
  const Digest256 wanted = store.put(as_bytes("wanted")).value().sha256;
  const Digest256 unwanted = store.put(as_bytes("unwanted")).value().sha256;
  const Digest256 young = store.put(as_bytes("young")).value().sha256;
  age(wanted);
  age(unwanted);
  write_file(temp_.media() / "incoming-0000000000000000-1.partial", "of another process");
  const fs::path coming = incoming(store, "still coming in");
  write_file(temp_.media() / "README", "not of ours");
  const auto swept = store.sweep({wanted});
  ASSERT_TRUE(swept) << swept.error().message;
  EXPECT_EQ(swept->files, 2U);
  EXPECT_EQ(swept->bytes, 8U + 18U);
  EXPECT_TRUE(StoredFile::open(temp_.media(), wanted));
  EXPECT_TRUE(StoredFile::open(temp_.media(), young));
  EXPECT_EQ(StoredFile::open(temp_.media(), unwanted).error().code, Errc::not_found);
  EXPECT_TRUE(fs::exists(coming));
  EXPECT_TRUE(fs::exists(temp_.media() / "README"));
  EXPECT_EQ(store.files(), 2U);
  EXPECT_EQ(store.bytes(), 11U);
  // Who puts it again needs it again.
  age(young);
  ASSERT_TRUE(store.put(as_bytes("young")));
  ASSERT_TRUE(store.sweep({wanted}));
  EXPECT_TRUE(StoredFile::open(temp_.media(), young));
}

TEST_F(MediaStoreTest, CountsWhatIsThereAndRemovesWhatWasLeftUnfinished) {
  Digest256 sha256{};
  {
    MediaStore store = open();
    sha256 = store.put(as_bytes("of yesterday")).value().sha256;
    incoming(store, "cut off");
  }
  write_file(temp_.media() / (media_name(sha256) + ".partial"), "cut off");
  const MediaStore store = open();
  EXPECT_EQ(store.files(), 1U);
  EXPECT_EQ(store.bytes(), 12U);
  EXPECT_EQ(names_in(temp_.media()), std::vector{media_name(sha256)});
}

TEST(MediaName, IsSixtyFourDigitsAndNothingElse) {
  Digest256 sha256{};
  const std::string name = media_name(sha256_of("x"));
  ASSERT_TRUE(parse_media_name(name, sha256));
  EXPECT_EQ(sha256, sha256_of("x"));
  EXPECT_FALSE(parse_media_name(name.substr(1), sha256));
  EXPECT_FALSE(parse_media_name(name + "0", sha256));
  EXPECT_FALSE(parse_media_name("../" + name.substr(3), sha256));
  std::string upper = name;
  upper[0] = 'A';
  EXPECT_FALSE(parse_media_name(upper, sha256));
}

// Content of 1 B to 200 kB that follows from its number.
std::string content_of(std::uint32_t number) {
  std::string text = std::to_string(number) + " ";
  text.resize(1 + number * 7'919 % 200'000, static_cast<char>('a' + number % 26));
  return text;
}

// Puts and adopts in turn, and says in the pipe what is durable, until it is killed.
[[noreturn]] void put_until_killed(const fs::path& folder, int pipe) {
  auto store = MediaStore::open(folder);
  for (std::uint32_t number = 0; store; ++number) {
    const std::string text = content_of(number);
    Result<MediaFile> kept = Error{Errc::io, ""};
    if (number % 2 == 0) {
      kept = store->put(as_bytes(text));
    } else {
      const fs::path path = folder / (store->temporary_prefix() + "1.partial");
      write_file(path, text);
      kept = store->adopt(path);
    }
    if (!kept || ::write(pipe, &number, sizeof number) != sizeof number) break;
  }
  ::_exit(1);
}

TEST(MediaKill, WhatWasToldIsThereWholeWheneverTheProcessIsKilled) {
  for (std::uint32_t round = 1; round <= 12; ++round) {
    const TempFolder temp;
    int ends[2]{};
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) put_until_killed(temp.media(), ends[1]);
    ::close(ends[1]);
    std::uint32_t told = 0;
    const std::uint32_t enough = round * 3;
    while (told < enough && ::read(ends[0], &told, sizeof told) == sizeof told) {
    }
    EXPECT_EQ(told, enough);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    while (::read(ends[0], &told, sizeof told) == sizeof told) {
    }
    ::close(ends[0]);

    const auto store = MediaStore::open(temp.media());
    ASSERT_TRUE(store) << store.error().message;
    for (std::uint32_t number = 0; number <= told; ++number) {
      const auto stored = StoredFile::open(temp.media(), sha256_of(content_of(number)));
      EXPECT_TRUE(stored) << number << ": " << stored.error().message;
    }
    for (const std::string& name : names_in(temp.media())) {
      Digest256 sha256{};
      ASSERT_TRUE(parse_media_name(name, sha256)) << name;
      EXPECT_TRUE(StoredFile::open(temp.media(), sha256)) << name;
    }
  }
}

}  // namespace
}  // namespace spine::media
