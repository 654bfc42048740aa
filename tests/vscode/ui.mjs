// What a newcomer does, with mouse and keyboard: see a leak of the example service, read about it, mend it, save.
// node ui.mjs BROWSER VSIX WORK
import fs from "node:fs";
import path from "node:path";
import { installed, shop, start } from "./harness.mjs";

const [browser, vsix, work] = process.argv.slice(2);
const workspace = shop(work);
const file = path.join(workspace, "internal/services/pricing.go");
const began = Date.now();
const step = (what) => console.log(`[${((Date.now() - began) / 1000).toFixed(1)} s] ${what}`);

const { page, open, remote, stop } = await start({ work, workspace, folders: installed(work, vsix), browser });
const picture = (name) => page.screenshot({ path: path.join(work, `vscode-${name}.png`) });
let failed = false;
try {
  await open([["openFile", remote(file)]]);
  await page.waitForSelector('.tab[aria-label*="pricing.go"]');
  await page.keyboard.press("Control+g");
  const lines = fs.readFileSync(file, "utf8").split("\n");
  const number = lines.findIndex((text) => text.includes("r.client.Do(req)")) + 1;
  await page.keyboard.type(String(number));
  await page.keyboard.press("Enter");
  const call = page.locator(".view-line", { hasText: "r.client.Do(req)" });
  await call.waitFor();
  await page.waitForSelector(".squiggly-warning");
  step("squiggle");
  await call.locator("span", { hasText: "client" }).last().hover();
  const hover = page.locator(".monaco-hover", { hasText: "never closed" });
  await hover.first().waitFor();
  await hover.first().locator("text=What it does").first().waitFor();
  await picture("hover");
  step("hover with the page of the rule");

  await call.locator("span", { hasText: "client" }).last().click();
  await page.keyboard.press("F8");
  await page.locator(".zone-widget", { hasText: "never closed" }).waitFor();
  await picture("problem");
  await page.keyboard.press("Escape");

  await page.locator(".editor-status-language-status, #status\\.languageStatus, [id='status.languageStatus']").first().click();
  await page.locator(".hover-language-status, .monaco-hover", { hasText: "caulk: running" }).first().waitFor();
  await page.keyboard.press("Escape");
  step("status item");

  await call.locator("span", { hasText: "client" }).last().click();
  await page.keyboard.press("Control+.");
  const rows = page.locator(".action-widget .monaco-list-row");
  const fix = rows.filter({ hasText: "defer resp.Body.Close()" }).first();
  await fix.waitFor();
  await picture("menu");
  step(`menu: ${JSON.stringify(await rows.allInnerTexts())}`);
  const squiggles = await page.locator(".squiggly-warning").count();
  await fix.click();
  await page.locator(".view-line", { hasText: "defer" }).filter({ hasText: "resp.Body.Close" }).waitFor();
  await page.waitForFunction((before) => document.querySelectorAll(".squiggly-warning").length < before, squiggles);
  await picture("fixed");
  step("repaired, squiggle gone");

  await page.keyboard.press("Control+s");
  await page.waitForFunction(() => !document.querySelector(".tab.dirty"));
  const text = fs.readFileSync(file, "utf8");
  if (!text.includes("\tdefer resp.Body.Close()\n")) {
    throw new Error(`the repair is not on disk:\n${text}`);
  }
  step("saved");

  await page.keyboard.press("Control+Shift+m");
  await page.locator(".markers-panel .monaco-list-row", { hasText: "pricing.go" }).first().waitFor();
  const listed = await page.locator(".markers-panel .monaco-list-row").allInnerTexts();
  if (listed.some((row) => row.includes("resp.Body"))) {
    throw new Error(`still in the problems panel: ${JSON.stringify(listed)}`);
  }
  await picture("problems");
  step(`problems panel: ${listed.length} rows`);
} catch (error) {
  console.error(error);
  failed = true;
  await picture("failed").catch(() => {});
} finally {
  await stop();
}
process.exit(failed ? 1 : 0);
