// MediaKeeper: the loop is told when a file is kept.
#include "adapters/media/media_keeper.h"

#include <event2/event.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "schemas/vocab/sha256.h"
#include "tests/unit/media/media_folder.h"

namespace spine::media {
namespace {

struct FreeBaseOfKeeper {
  void operator()(event_base* base) const { event_base_free(base); }
};

class MediaKeeperTest : public testing::Test {
 protected:
  void until(std::size_t count) {
    while (told_.size() < count)
      event_base_loop(base_.get(), EVLOOP_ONCE);
  }
  MediaKeeper::OnKept tell(std::string name) {
    return [this, name](Result<MediaFile>&& kept) {
      told_.push_back(name + (kept ? " " + kept->mime_type : ": " + kept.error().message));
    };
  }

  TempFolder temp_{};
  std::unique_ptr<event_base, FreeBaseOfKeeper> base_{event_base_new()};
  loop::FilePool pool_{base_.get(), 2};
  MediaKeeper keeper_{pool_, MediaStore::open(temp_.media()).value()};
  std::vector<std::string> told_{};
};

TEST_F(MediaKeeperTest, TellsInTheOrderOfTheCallsAndNeverFromWithinOne) {
  const std::filesystem::path coming = keeper_.temporary();
  EXPECT_NE(coming, keeper_.temporary());
  write_file(coming, "%PDF-1.4\n");
  keeper_.put(small_picture(), tell("picture"));
  keeper_.adopt(coming, tell("letter"));
  keeper_.put({}, tell("nothing"));
  EXPECT_TRUE(told_.empty());
  until(3);
  EXPECT_EQ(told_, (std::vector<std::string>{"picture image/gif", "letter application/pdf",
                                             "nothing: An empty file is not kept."}));
  EXPECT_TRUE(StoredFile::open(keeper_.folder(), sha256_of(small_picture())));
}

TEST_F(MediaKeeperTest, SweepsAmongTheRest) {
  keeper_.put("kept for an hour", tell("put"));
  keeper_.sweep({}, [this](Result<MediaSwept>&& swept) {
    told_.push_back("swept " + std::to_string(swept.value().files));
  });
  until(2);
  EXPECT_EQ(told_.back(), "swept 0");
}

TEST_F(MediaKeeperTest, NothingIsToldOnceItIsGone) {
  bool told = false;
  {
    MediaKeeper other{pool_, MediaStore::open(temp_.media()).value()};
    for (int i = 0; i < 8; ++i) {
      other.put(std::string(100'000, static_cast<char>('a' + i)),
                [&told](Result<MediaFile>&&) { told = true; });
    }
  }
  keeper_.put("after it", tell("put"));
  until(1);
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace spine::media
