// The task "caulk: check", whose problems are those of files that are not open (open ones have diagnostics already).
import * as vscode from "vscode";
import type { Launch } from "./launch";
import type { Server } from "./server";

export function taskProvider(server: Server): vscode.Disposable {
  return vscode.tasks.registerTaskProvider("caulk", {
    provideTasks: () => (vscode.workspace.workspaceFolders ?? []).flatMap((folder) => checkTask(server.launch, folder) ?? []),
    resolveTask: (task) => {
      const folder = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
      const paths = (task.definition as { paths?: string[] }).paths;
      return folder && checkTask(server.launch, folder, paths, task.definition);
    },
  });
}

function checkTask(
  launch: Launch | undefined,
  folder: vscode.WorkspaceFolder,
  paths: string[] = ["./..."],
  definition: vscode.TaskDefinition = { type: "caulk" },
): vscode.Task | undefined {
  if (launch === undefined) {
    return undefined;
  }
  const run = new vscode.ProcessExecution(launch.command, [...launch.args, "check", ...paths], { cwd: folder.uri.fsPath });
  const task = new vscode.Task(definition, folder, "check", "caulk", run, "$caulk");
  task.group = vscode.TaskGroup.Test;
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Silent, clear: true };
  return task;
}

/** Check all folders of the workspace. */
export async function checkWorkspace(server: Server): Promise<void> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const task = checkTask(server.launch, folder);
    if (task) {
      await vscode.tasks.executeTask(task);
    }
  }
  await vscode.commands.executeCommand("workbench.actions.view.problems");
}
