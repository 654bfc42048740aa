// The settings of the section "caulk" in the words of the server.
import * as vscode from "vscode";

/** Changes of these need another server; all others are told to the running one. */
export const NEED_RESTART = ["path", "importStrategy", "interpreter", "logLevel", "workspaceDiagnostics", "codeLens", "inlayHints"];

const TOLD = [
  "select",
  "ignore",
  "severity",
  "deferStyle",
  "moduleCache",
  "goroot",
  "deferToGopls",
  "workspaceDiagnostics",
  "codeLens",
  "inlayHints",
] as const;

export function options(): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration("caulk");
  return Object.fromEntries(TOLD.map((name) => [name, settings.get(name)]));
}

export function get<T>(name: string, fallback: T): T {
  return vscode.workspace.getConfiguration("caulk").get<T>(name, fallback);
}
