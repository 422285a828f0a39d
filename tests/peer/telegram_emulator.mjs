// Runs telegram-test-api at a free port, prints {is: "root", root}, and serves until its input ends.
import { createRequire } from "node:module";

const require = createRequire(process.env.BOT_PEERS + "/");
const TelegramServer = require("telegram-test-api");

const server = new TelegramServer({ host: "127.0.0.1" });
server.config.port = 0; // its constructor takes 0 for none
await server.start();
server.config.port = server.server.address().port;
server.config.apiURL = `http://127.0.0.1:${server.config.port}`;
console.log(JSON.stringify({ is: "root", root: server.config.apiURL }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
