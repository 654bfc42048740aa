// Where the server comes from: caulk.path, else a caulk of the environment, else the one in this extension. Knows nothing of VS Code.
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

export interface Wishes {
  /** The user's command line; empty for none. */
  path: string[];
  fromEnvironment: boolean;
  /** The user's Python for the bundled server; empty for none. */
  interpreter: string[];
  /** In a workspace that is not trusted only the bundled server runs, with a Python from PATH. */
  trusted: boolean;
  extensionPath: string;
  /** The version of this extension: an older server of the environment is passed over. */
  version: string;
  folders: string[];
}

export interface Launch {
  command: string;
  /** What stands between the command and the sub-command (`lsp`, `check`). */
  args: string[];
  source: "caulk.path" | "environment" | "bundled";
  version: string;
}

export type Log = (message: string) => void;

/** Milliseconds that a command may take to say its version. */
const PATIENCE = 10_000;
const WINDOWS = process.platform === "win32";

/** The first server that answers, or undefined when there is none; `log` hears what was tried and why it was not taken. */
export async function findServer(wishes: Wishes, log: Log): Promise<Launch | undefined> {
  if (wishes.trusted && wishes.path.length > 0) {
    const found = await probe(wishes.path, "caulk.path", log);
    if (found) {
      return found;
    }
  }
  if (wishes.trusted && wishes.fromEnvironment) {
    for (const command of environment(wishes.folders)) {
      const found = await probe([command], "environment", log);
      if (found && isSupported(found.version, wishes.version)) {
        return found;
      }
      if (found) {
        log(`${command}: version ${found.version} does not go with this extension (${wishes.version})`);
      }
    }
  }
  return bundled(wishes, log);
}

/** The places of a caulk that the user installed: the virtual environments of the folders, then PATH. */
function environment(folders: string[]): string[] {
  const inside = WINDOWS ? [".venv", "Scripts", "caulk.exe"] : [".venv", "bin", "caulk"];
  const project = folders.map((folder) => path.join(folder, ...inside)).filter((file) => fs.existsSync(file));
  return [...project, "caulk"];
}

async function bundled(wishes: Wishes, log: Log): Promise<Launch | undefined> {
  const run = path.join(wishes.extensionPath, "bundled", "run.py");
  const built = builtFor(wishes.extensionPath);
  if (built === undefined) {
    log("no server is bundled with this build of the extension");
    return undefined;
  }
  if (built !== platform()) {
    log(`the bundled server was built for ${built}, this is ${platform()}: install the extension for this platform`);
    return undefined;
  }
  for (const python of interpreters(wishes)) {
    // -I: neither PYTHONPATH nor the user's own packages may come before the bundled libraries
    const found = await probe([...python, "-I", run], "bundled", log);
    if (found) {
      return found;
    }
  }
  return undefined;
}

function interpreters(wishes: Wishes): string[][] {
  const own = wishes.trusted && wishes.interpreter.length > 0 ? [wishes.interpreter] : [];
  const known = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"].map((name) => [name]);
  return [...own, ...(WINDOWS ? [["py", "-3"], ...known] : known)];
}

/** The platform of the VSIX, as the marketplace names it. */
export function platform(): string {
  const musl = process.platform === "linux" && fs.existsSync("/etc/alpine-release");
  return `${musl ? "alpine" : process.platform}-${process.arch}`;
}

function builtFor(extensionPath: string): string | undefined {
  const file = path.join(extensionPath, "bundled", "platform");
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : undefined;
}

function probe(argv: string[], source: Launch["source"], log: Log): Promise<Launch | undefined> {
  const [command = "", ...args] = argv;
  return new Promise((resolve) => {
    execFile(command, [...args, "--version"], { timeout: PATIENCE }, (error, stdout, stderr) => {
      const version = /^caulk (\d+\.\d+\S*)/.exec(stdout)?.[1];
      if (error || version === undefined) {
        const why = stderr.trim().split("\n").pop() || error?.message || `says ${JSON.stringify(stdout.slice(0, 80))}`;
        log(`${source}: ${argv.join(" ")}: ${why}`);
        resolve(undefined);
      } else {
        resolve({ command, args, source, version });
      }
    });
  });
}

/** Whether a server of that version understands this extension: the same major version, and no older minor one. */
export function isSupported(server: string, extension: string): boolean {
  const [major, minor] = numbers(server);
  const [wantedMajor, wantedMinor] = numbers(extension);
  return major === wantedMajor && minor >= wantedMinor;
}

function numbers(version: string): [number, number] {
  const [major, minor] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [major ?? 0, minor ?? 0];
}
