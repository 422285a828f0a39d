// Opens a page of another origin in Chromium that tries to reach the gateway: foreign_page.mjs
// <page url> <gateway port> <token>. Prints what the page could do as JSON.
import { createRequire } from "node:module";

const require = createRequire(process.env.PEERS + "/");
const { chromium } = require("playwright-core");
const [pageUrl, port, token] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.goto(pageUrl);
  const outcome = await page.evaluate(async ({ port, token }) => {
    const connect = () => new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      const frames = [];
      socket.onmessage = (event) => {
        frames.push(JSON.parse(event.data));
        if (frames.length > 1) return;
        socket.send(JSON.stringify({ type: "req", id: "1", method: "connect", params: {
          minProtocol: 4, maxProtocol: 4, role: "operator", scopes: ["operator.admin"], caps: [],
          client: { id: "cli", version: "1", platform: "linux", mode: "cli" }, auth: { token } } }));
      };
      socket.onclose = (event) => resolve({ code: event.code, reason: event.reason, frames });
    });
    const read = async (path) => {
      try {
        return (await fetch(`http://127.0.0.1:${port}${path}`)).status;
      } catch (error) {
        return String(error);
      }
    };
    return { socket: await connect(), health: await read("/health") };
  }, { port, token });
  console.log(JSON.stringify(outcome));
} finally {
  await browser.close();
}
