// A bot on grammY: grammy_bot.mjs <root> <token> [<secret of a webhook>]. Does what the messages say, prints what it
// meets as JSON lines, and ends with its input.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(process.env.BOT_PEERS + "/");
const { Bot, GrammyError, InputFile, InlineKeyboard, webhookCallback } = require("grammy");
const [root, token, secret] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot: root } });
const tell = (is, rest = {}) => console.log(JSON.stringify({ is, ...rest }));
const picture = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

bot.hears("hello", (ctx) => ctx.reply("hello yourself", { reply_parameters: { message_id: ctx.msg.message_id } }));
bot.command("where", (ctx) => ctx.reply(`in ${ctx.chat.title ?? "private"}: ${ctx.match}`));
bot.hears("grow", async (ctx) => {
  const sent = await ctx.reply("a");
  await ctx.api.editMessageText(ctx.chat.id, sent.message_id, "a <b>b</b>", { parse_mode: "HTML" });
});
bot.hears("fail", async (ctx) => {
  for (const [text, options] of [["<b>x", { parse_mode: "HTML" }], ["x".repeat(4097), {}]]) {
    await ctx.reply(text, options).catch((error) => tell("refused", { text: error.description }));
  }
});
bot.hears("flood", (ctx) => ctx.reply("late").catch((error) => tell("flood", {
  known: error instanceof GrammyError, code: error.error_code, after: error.parameters.retry_after })));
bot.hears("files", async (ctx) => {
  await ctx.replyWithPhoto(new InputFile(picture, "p.png"), { caption: "one" });
  await ctx.replyWithMediaGroup([
    { type: "photo", media: new InputFile(picture, "q.png"), caption: "two" },
    { type: "photo", media: new InputFile(picture, "r.png") }]);
});
bot.hears("rich", async (ctx) => {
  await ctx.api.sendRichMessageDraft(ctx.chat.id, 5, { markdown: "# T" });
  await ctx.api.sendRichMessage(ctx.chat.id, { markdown: "# T\n\n|a|b|\n|-|-|\n|1|2|" });
});
bot.hears("ask", (ctx) => ctx.reply("sure?", { reply_markup: new InlineKeyboard().text("Yes", "yes") }));
bot.callbackQuery("yes", async (ctx) => {
  await ctx.answerCallbackQuery("good");
  await ctx.editMessageText("sure");
});
bot.on("message:photo", async (ctx) => {
  const file = await ctx.getFile();
  const data = await (await fetch(`${root}/file/bot${token}/${file.file_path}`)).arrayBuffer();
  tell("photo", { bytes: data.byteLength, caption: ctx.msg.caption,
                  sha256: createHash("sha256").update(Buffer.from(data)).digest("hex") });
});
bot.catch((error) => tell("error", { text: String(error.error) }));

process.stdin.resume();
if (secret) {
  await bot.init();
  const server = createServer(webhookCallback(bot, "http", { secretToken: secret }));
  server.listen(0, "127.0.0.1", async () => {
    await bot.api.setWebhook(`http://127.0.0.1:${server.address().port}/hook`, { secret_token: secret });
    tell("started", { username: bot.botInfo.username });
  });
  process.stdin.on("end", async () => {
    await bot.api.deleteWebhook();
    process.exit(0);
  });
} else {
  process.stdin.on("end", async () => {
    await bot.stop();
    process.exit(0);
  });
  bot.start({ onStart: (me) => tell("started", { username: me.username }) })
    .catch((error) => tell("stopped", { code: error.error_code }));
}
