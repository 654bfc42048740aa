// code-server on a free port of the loopback, with the packed extension, and a headless Chromium page on it.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { chromium } from "playwright-core";

const HERE = import.meta.dirname;
const CODE_SERVER = path.join(HERE, "node_modules/.bin/code-server");
const BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const freePort = () =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** A copy of the example service in `work`, to be opened and changed. */
export function shop(work) {
  const folder = path.join(work, "gin-shop");
  fs.cpSync(path.join(HERE, "../../examples/gin-shop"), folder, { recursive: true });
  return folder;
}

/** The folders of code-server inside `work`, with the extension installed from its VSIX. */
export function installed(work, vsix) {
  const folders = ["--user-data-dir", path.join(work, "data"), "--extensions-dir", path.join(work, "extensions"), "--config", path.join(work, "config.yaml")];
  fs.mkdirSync(path.join(work, "data/User"), { recursive: true });
  setUser(work, {});
  execFileSync(CODE_SERVER, [...folders, "--install-extension", vsix], { stdio: "pipe" });
  return folders;
}

/** The user's settings: those of all tests, and some over them. */
export function setUser(work, changed) {
  const settings = JSON.parse(fs.readFileSync(path.join(HERE, "settings.json"), "utf8"));
  fs.writeFileSync(path.join(work, "data/User/settings.json"), JSON.stringify({ ...settings, ...changed }));
}

/** Start the editor. `payload` of `open` is VS Code's own: [["openFile", URI]], [["extensionTestsPath", URI]] … */
export async function start({ work, workspace, folders, browser: executablePath, flags = [], trusts = true }) {
  const port = await freePort();
  const log = fs.openSync(path.join(work, "code-server.log"), "w");
  const server = spawn(
    CODE_SERVER,
    ["--bind-addr", `127.0.0.1:${port}`, "--auth", "none", "--disable-telemetry", "--disable-update-check", ...(trusts ? ["--disable-workspace-trust"] : []), "--disable-getting-started-override", ...folders, ...flags],
    // a process group of its own: the extension host and the language server end with it; no look-ups in a gallery
    { stdio: ["ignore", log, log], detached: true, env: { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":"http://127.0.0.1:9/"}' } },
  );
  let browser;
  const stop = async () => {
    await browser?.close().catch(() => {});
    try {
      process.kill(-server.pid, "SIGTERM");
    } catch {
      // it has ended already
    }
  };
  try {
    await comesUp(server, port);
    browser = await chromium.launch({ executablePath, args: BROWSER_FLAGS });
    const page = await browser.newPage({ viewport: { width: 1200, height: 720 } });
    page.setDefaultTimeout(90_000);
    const remote = (file) => `vscode-remote://127.0.0.1:${port}${path.resolve(file)}`;
    const open = (payload) => page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(path.resolve(workspace))}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    return { page, open, remote, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function comesUp(server, port) {
  for (let tries = 0; tries < 1200; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    if (server.exitCode !== null) {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("code-server did not come up, see code-server.log");
}
