// A workspace that is not trusted names programs of its own: none of them runs, and the bundled server does. Once trusted, they run.
// node untrusted.mjs BROWSER VSIX WORK
import fs from "node:fs";
import path from "node:path";
import { installed, setUser, shop, start } from "./harness.mjs";

const [browser, vsix, work] = process.argv.slice(2);
const workspace = shop(work);
const file = path.join(workspace, "internal/services/pricing.go");
const traces = path.join(work, "traces");
fs.mkdirSync(traces);

/** A program of the workspace that leaves a trace when it is started. */
function trap(name) {
  const program = path.join(workspace, name);
  fs.mkdirSync(path.dirname(program), { recursive: true });
  fs.writeFileSync(program, `#!/bin/sh\ntouch "${traces}/${path.basename(name)}"\nexit 3\n`, { mode: 0o755 });
  return program;
}

const server = trap("bin/server");
const python = trap("bin/python");
trap(".venv/bin/caulk");
fs.mkdirSync(path.join(workspace, ".vscode"));
fs.writeFileSync(
  path.join(workspace, ".vscode/settings.json"),
  JSON.stringify({ "caulk.path": [server], "caulk.interpreter": [python], "caulk.importStrategy": "fromEnvironment" }),
);

const folders = installed(work, vsix);
setUser(work, { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.untrustedFiles": "open" });
const { page, open, remote, stop } = await start({ work, workspace, folders, browser, trusts: false });
let failed = false;
try {
  await open([["openFile", remote(file)]]);
  await page.waitForSelector('.tab[aria-label*="pricing.go"]');
  await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
  await page.locator('[id="status.problems"]', { hasText: /[1-9]/ }).waitFor();
  const ran = fs.readdirSync(traces);
  if (ran.length > 0) {
    throw new Error(`programs of the workspace ran: ${ran}`);
  }
  console.log("restricted: the bundled server runs, nothing of the workspace does");

  await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).click();
  await page.locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ }).first().click();
  for (let tries = 0; !fs.existsSync(path.join(traces, "server")); tries++) {
    if (tries > 300) {
      throw new Error("trusted, but caulk.path did not run: the traps catch nothing");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  console.log("trusted: the programs of the workspace run");
} catch (error) {
  console.error(error);
  failed = true;
  await page.screenshot({ path: path.join(work, "vscode-failed.png") }).catch(() => {});
} finally {
  await stop();
}
process.exit(failed ? 1 : 0);
