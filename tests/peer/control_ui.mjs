// Drives the Control UI in Chromium: control_ui.mjs <url> <token> <folder for screenshots>.
// Prints what it saw as JSON; any step that does not come fails it.
import { createRequire } from "node:module";

const require = createRequire(process.env.PEERS + "/");
const { chromium } = require("playwright-core");
const [url, token, folder] = process.argv.slice(2);
const seen = { pageErrors: [] };

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => seen.pageErrors.push(String(error)));
  await page.goto(`${url}/#token=${token}`);
  const box = page.getByPlaceholder(/^Message/).first();
  await box.waitFor();
  await box.fill("what do you see?");
  await box.press("Enter");
  const stop = page.getByRole("button", { name: /^stop/i }).first();
  await stop.waitFor();
  await page.getByText("echo: what do you see?").first().waitFor();
  // The run is over for the page, too: its button to stop has gone.
  await stop.waitFor({ state: "hidden" });
  await page.screenshot({ path: `${folder}/answered.png` });
  seen.answered = true;
  await page.reload();
  await page.getByText("echo: what do you see?").first().waitFor();
  await page.getByText("what do you see?", { exact: true }).first().waitFor();
  await page.screenshot({ path: `${folder}/reloaded.png` });
  seen.historyAfterReload = true;
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
