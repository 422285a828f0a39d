// Keys: building them, session keys, fingerprints, ids out of entropy.
#include <gtest/gtest.h>
#include <string>

#include "engine/core/messages/repeats.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr Bits128 kSecret{.hi = 1, .lo = 2};

std::string channel_key(fb::DmScope scope, const Origin& origin, std::string_view thread = {}) {
  Policy policy;
  policy.dm_scope = scope;
  KeyBuffer key;
  channel_session_key(policy, "Main", origin, thread, kSecret, key);
  return std::string(key.view());
}

TEST(SessionKey, DirectMessagesFollowTheScope) {
  const Origin origin{.channel = "Telegram", .account = "Bot", .peer = "Alice", .sender = "Alice"};
  EXPECT_EQ(channel_key(fb::DmScope::main, origin), "agent:main:main");
  EXPECT_EQ(channel_key(fb::DmScope::per_peer, origin), "agent:main:direct:alice");
  EXPECT_EQ(channel_key(fb::DmScope::per_channel_peer, origin), "agent:main:telegram:direct:alice");
  EXPECT_EQ(channel_key(fb::DmScope::per_account_channel_peer, origin),
            "agent:main:telegram:bot:direct:alice");
  EXPECT_EQ(channel_key(fb::DmScope::per_channel_peer, origin, "5"),
            "agent:main:telegram:direct:alice:topic:5");
}

TEST(SessionKey, NamedKeysAreThemselvesOrBelongToTheAgent) {
  const Policy policy;
  const auto named = [&](std::string_view name) {
    KeyBuffer key;
    named_session_key(policy, "work", name, kSecret, IdCase::folded, key);
    return std::string(key.view());
  };
  EXPECT_EQ(named(""), "agent:work:main");
  EXPECT_EQ(named("MAIN"), "agent:work:main");
  EXPECT_EQ(named("Notes"), "agent:work:notes");
  EXPECT_EQ(named("agent:x:Y"), "agent:x:y");
  EXPECT_EQ(named("agent:x"), "agent:work:agent:x");
  EXPECT_EQ(named("agent::x"), "agent:work:agent::x");
}

TEST(SessionKey, TellsMainAndThreadKeys) {
  const Policy policy;
  EXPECT_TRUE(is_main_key(policy, "agent:any:main"));
  EXPECT_FALSE(is_main_key(policy, "agent:any:main:thread:1"));
  EXPECT_FALSE(is_main_key(policy, "main"));
  EXPECT_TRUE(is_thread_key("agent:a:discord:channel:c:thread:1"));
  EXPECT_TRUE(is_thread_key("agent:a:telegram:group:c:topic:1"));
  EXPECT_FALSE(is_thread_key("agent:a:discord:channel:c"));
}

TEST(KeyBuffer, LongKeysAreCutAndStayApart) {
  const auto fitted = [](const std::string& text) {
    KeyBuffer key;
    key.add(text).fit(kSecret);
    return std::string(key.view());
  };
  const std::string exact(limits::kKeyBytesMax, 'a');
  EXPECT_EQ(fitted(exact), exact);
  const std::string a = fitted(exact + "b");
  const std::string b = fitted(exact + "c");
  EXPECT_NE(a, b);
  EXPECT_LE(a.size(), limits::kKeyBytesMax);
  EXPECT_EQ(a.substr(0, 400), exact.substr(0, 400));
  // No character of UTF-8 is cut in two.
  std::string euros;
  for (int i = 0; i < 300; ++i)
    euros += "\xe2\x82\xac";
  const std::string cut = fitted(euros);
  EXPECT_EQ(cut.find('~') % 3, 0U);
}

TEST(Fingerprint, FieldsDoNotRunIntoEachOther) {
  const auto print = [](const std::string& channel, const std::string& account,
                        const std::string& id) {
    const Body body =
        message_body(MessageSpec{.channel = channel, .account = account, .external_id = id}, {});
    return message_fingerprint(kSecret, *flatbuffers::GetRoot<fb::MessageReceived>(body.data()));
  };
  EXPECT_NE(print("ab", "c", "d"), print("a", "bc", "d"));
  EXPECT_NE(print("a", "b", "cd"), print("a", "bc", "d"));
  EXPECT_EQ(print("A", "b", "c"), print("a", "B", "c"));
  EXPECT_NE(print("a", "b", "C"), print("a", "b", "c"));
  EXPECT_NE(idempotency_fingerprint(kSecret, PrincipalId{1}, "k"),
            idempotency_fingerprint(kSecret, PrincipalId{2}, "k"));
}

TEST(Uuid, ComesFromEntropyAndPurpose) {
  const Bits128 entropy{.hi = 3, .lo = 4};
  const Bits128 id = uuid_from(entropy, 1);
  EXPECT_EQ(id, uuid_from(entropy, 1));
  EXPECT_NE(id, uuid_from(entropy, 2));
  const UuidText text = uuid_text(id);
  EXPECT_EQ(text[14], '4');
  EXPECT_NE(std::string_view("89ab").find(text[19]), std::string_view::npos);
}

}  // namespace
}  // namespace spine::core
