// Phrases in Chinese. The one file with text that is not ASCII.
#include <array>

#include "schemas/vocab/phrases.h"

namespace spine {
namespace {

// In the order of Phrase.
constexpr std::array<std::string_view, kPhrases.size()> kChinese{
    "这里还不认识您。您的配对码是 {code}，请把它交给机器人的主人，由对方放行。配对码在 {minutes} "
    "分钟内有效。",
    "您的请求正在等待机器人主人处理。您的配对码是 {code}。",
    "等待放行的人太多，请稍后再试。",
    "{channel} 上的 {name}（{sender}）请求放行。请在 {minutes} 分钟内回复“approve "
    "{code}”（放行）或“reject "
    "{code}”（拒绝）。",
    "已为您放行，从现在起您的消息会得到答复。",
    "您的放行请求已被拒绝。",
    "已放行 {channel} 上的 {name}（{sender}）。",
    "已拒绝 {channel} 上的 {name}（{sender}）。",
    "没有人在等待配对码 "
    "{code}：它可能有误、已过期或已处理。如果它属于某台设备，您的答复已转给该设备。",
    "{agent} 请求许可：{title}\n\n{detail}\n\n请在 {minutes} 分钟内回复“approve "
    "{code}”（允许）或“reject "
    "{code}”（拒绝）。",
    "已允许一次：{title}",
    "未允许：{title}",
    "您没有权限使用这个机器人。",
    "消息发送过于频繁，最后一条没有被接收，请在 {seconds} 秒后重新发送。",
    "请稍候，这需要多一点时间。",
    "暂时无法接收您的消息，请过几分钟重新发送。",
    "您的消息太长，最多接收 {size}。",
    "这里无法读取此类消息。",
    "文件 {name} 太大，最多接收 {size}。消息的其余内容已收到。",
    "无法获取文件 {name}。消息的其余内容已收到。",
    "没有得到答复：{reason}",
    "会话 {session}，智能体 {agent}。",
    "当前没有正在处理的任务。",
    "已处理 {time}，任务 {run}。",
    "已处理 {time}，任务 {run}（第 {attempt} 次尝试）。",
    "正在等待 1 个批准（spine approvals list）。",
    "正在等待 {count} 个批准（spine approvals list）。",
    "有 1 条消息在等待。",
    "有 {count} 条消息在等待。",
    "没有可以停止的任务。",
    "没有停止：这项任务由受信任的人发起，这里的消息不能终止它。",
    "已停止任务 {run}。",
    "已停止任务 {run}，并取消了 1 条等待的消息。",
    "已停止任务 {run}，并取消了 {count} 条等待的消息。",
    "已取消 1 条等待的消息。",
    "已取消 {count} 条等待的消息。",
    "{seconds} 秒",
    "{minutes} 分 {seconds} 秒",
    "{hours} 小时 {minutes} 分",
};
static_assert(!kChinese.back().empty(), "as many as there are phrases");

}  // namespace

std::string_view phrase_of(Phrase phrase, Language language) {
  const auto number = static_cast<std::size_t>(phrase);
  return language == Language::chinese ? kChinese.at(number) : kPhrases.at(number).english;
}

}  // namespace spine
