// Tests inside the real extension host, against the installed VSIX: what @vscode/test-electron does, without its download.
// node host.mjs BROWSER VSIX WORK
import fs from "node:fs";
import path from "node:path";
import { installed, shop, start } from "./harness.mjs";

const [browser, vsix, work] = process.argv.slice(2);
const workspace = shop(work);
// VS Code wants an extension under development to run tests; an empty one leaves the installed VSIX as it is
const empty = path.join(work, "empty");
fs.mkdirSync(empty);
fs.writeFileSync(path.join(empty, "package.json"), JSON.stringify({ name: "empty", publisher: "caulk-tests", version: "0.0.1", engines: { vscode: "*" } }));

// the URL may name tests only under this driver flag
const flags = ["--vscode-option", "enable-smoke-test-driver"];
const { page, open, remote, stop } = await start({ work, workspace, folders: installed(work, vsix), browser, flags });
let result = "timeout";
try {
  const done = new Promise((resolve) => void page.exposeFunction("codeAutomationExit", resolve));
  await page.exposeFunction("codeAutomationLog", (_type, args) => {
    const text = String(args?.[0] ?? "");
    if (/^(ok|not ok|\d+ passed)/.test(text)) {
      console.log(text);
    }
  });
  const tests = path.join(import.meta.dirname, "host-tests.cjs");
  await open([["extensionDevelopmentPath", remote(empty)], ["extensionTestsPath", remote(tests)]]);
  result = await Promise.race([done, new Promise((resolve) => setTimeout(() => resolve("timeout"), 180_000))]);
  if (result !== 0) {
    await page.screenshot({ path: path.join(work, "vscode-failed.png") });
  }
} finally {
  await stop();
}
console.log(`exit ${result}`);
process.exit(result === 0 ? 0 : 1);
