// The settings of the section "caulk" in the words of the server.
import * as vscode from "vscode";

/** What the server reads when it starts. */
const AT_START = ["workspaceDiagnostics", "codeLens", "inlayHints"];

/** Changes of these need another server; the running one asks for all others, folder by folder. */
export const NEED_RESTART = ["path", "importStrategy", "interpreter", "logLevel", ...AT_START];

export function atStart(): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration("caulk");
  return Object.fromEntries(AT_START.map((name) => [name, settings.get(name)]));
}

export function get<T>(name: string, fallback: T): T {
  return vscode.workspace.getConfiguration("caulk").get<T>(name, fallback);
}
