// The item in the language status of Go files: whether the server runs, which one, and the way to its log.
import * as vscode from "vscode";
import type { Phase, Server } from "./server";

export function statusItem(server: Server): vscode.Disposable {
  const item = vscode.languages.createLanguageStatusItem("caulk.status", { language: "go" });
  item.name = "caulk";
  item.command = { command: "caulk.showOutput", title: "Show logs" };
  const show = (phase: Phase): void => {
    item.busy = phase === "starting";
    item.text = `caulk: ${phase}`;
    item.severity = phase === "stopped" ? vscode.LanguageStatusSeverity.Error : vscode.LanguageStatusSeverity.Information;
    const launch = server.launch;
    item.detail = launch && phase === "running" ? `${launch.version}, ${launch.source}` : undefined;
  };
  show("starting");
  return vscode.Disposable.from(item, server.onDidChange(show));
}
