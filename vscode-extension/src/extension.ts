// Starts the caulk language server for Go files, and shows what it says.
import * as vscode from "vscode";
import { commands } from "./commands";
import { Server } from "./server";
import { NEED_RESTART } from "./settings";
import { statusItem } from "./status";
import { taskProvider } from "./tasks";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("caulk", { log: true });
  const trace = vscode.window.createOutputChannel("caulk trace", { log: true });
  const started = new Server(context, output, trace);
  server = started;
  context.subscriptions.push(
    output,
    trace,
    started,
    statusItem(started),
    commands(started, output),
    taskProvider(started),
    vscode.workspace.onDidGrantWorkspaceTrust(() => started.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (NEED_RESTART.some((name) => change.affectsConfiguration(`caulk.${name}`))) {
        void started.restart(); // the server asks for all others when they change
      }
    }),
  );
  await started.restart();
}

export async function deactivate(): Promise<void> {
  await server?.close();
}
