// Starts the caulk language server for Go files.
import { execFile } from "node:child_process";
import * as vscode from "vscode";
import { LanguageClient, ServerOptions, TransportKind } from "vscode-languageclient/node";

let client: LanguageClient | undefined;
let output: vscode.LogOutputChannel;
let queue: Promise<void> = Promise.resolve();

export function activate(context: vscode.ExtensionContext): void {
  output = vscode.window.createOutputChannel("caulk", { log: true });
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("caulk.restart", () => restart()),
    vscode.commands.registerCommand("caulk.showOutput", () => output.show()),
    vscode.commands.registerCommand("caulk.fixAllInFile", fixAllInFile),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("caulk")) {
        restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => restart()),
  );
  restart();
}

export async function deactivate(): Promise<void> {
  await queue;
  await client?.stop();
}

/** Stop and start the server; calls in a row run one after the other. */
function restart(): Promise<void> {
  queue = queue.then(async () => {
    const old = client;
    client = undefined;
    await old?.stop().catch((error) => output.warn(`stopping: ${error}`));
    await start();
  });
  return queue;
}

async function start(): Promise<void> {
  const [command, ...args] = serverCommand();
  const version = await versionOf(command);
  if (version === undefined) {
    await explainMissing(command);
    return;
  }
  output.info(`starting ${[command, ...args].join(" ")} (${version})`);
  const server: ServerOptions = { command, args, transport: TransportKind.stdio };
  client = new LanguageClient("caulk", "caulk", server, {
    documentSelector: [{ language: "go" }],
    outputChannel: output,
    initializationOptions: options(),
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/{caulk.toml,go.mod,go.work}") },
  });
  await client.start();
}

/** The command of the server: the user's setting (in trusted workspaces), else caulk from PATH. */
function serverCommand(): string[] {
  const chosen = vscode.workspace.getConfiguration("caulk").get<string[]>("path", []);
  return chosen.length > 0 && vscode.workspace.isTrusted ? chosen : ["caulk", "lsp"];
}

function options(): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration("caulk");
  return {
    select: settings.get("select", []),
    ignore: settings.get("ignore", []),
    deferStyle: settings.get("deferStyle", ""),
    moduleCache: settings.get("moduleCache", ""),
    goroot: settings.get("goroot", ""),
  };
}

/** What `command --version` says, undefined when it cannot be run. */
function versionOf(command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, ["--version"], { timeout: 10_000 }, (error, stdout) => {
      if (error) {
        output.error(`${command} --version: ${error.message}`);
      }
      resolve(error ? undefined : stdout.trim());
    });
  });
}

let explained = false;

/** One message a session, with what can be done. */
async function explainMissing(command: string): Promise<void> {
  if (explained) {
    return;
  }
  explained = true;
  const choice = await vscode.window.showErrorMessage(
    `caulk: the server (${command}) could not be started. Install it with "pip install caulk", or set caulk.path.`,
    "Set path",
    "Show output",
  );
  if (choice === "Set path") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "caulk.path");
  } else if (choice === "Show output") {
    output.show();
  }
}

async function fixAllInFile(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (client && editor?.document.languageId === "go") {
    await client.sendRequest("workspace/executeCommand", {
      command: "caulk.fixAll",
      arguments: [editor.document.uri.toString()],
    });
  }
}
