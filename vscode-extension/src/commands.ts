// What stands in the command palette.
import * as vscode from "vscode";
import type { Server } from "./server";
import { checkWorkspace } from "./tasks";

const SCHEME = "caulk";

interface RuleLine {
  code: string;
  tier: string;
  summary: string;
}

export function commands(server: Server, output: vscode.LogOutputChannel): vscode.Disposable {
  const pages = new Pages();
  const register = (name: string, run: (...args: never[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`caulk.${name}`, run);
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, pages),
    register("restart", () => server.restart()),
    register("showOutput", () => output.show()),
    register("fixAllInFile", () => fixAll(server, "file")),
    register("fixAllInWorkspace", () => fixAll(server, "workspace")),
    register("checkWorkspace", () => checkWorkspace(server)),
    register("explainRule", (code?: string) => explainRule(server, pages, code)),
    register("showEvidence", () => showEvidence(server, pages)),
  );
}

async function fixAll(server: Server, scope: "file" | "workspace"): Promise<void> {
  const uri = goDocument()?.uri ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  if (uri === undefined) {
    return;
  }
  const fixed = await server.execute<number>("caulk.fixAll", uri.toString(), scope);
  const what = fixed === 0 ? "nothing that can be fixed safely" : `fixed ${count(fixed ?? 0, "leak")}`;
  vscode.window.setStatusBarMessage(fixed === undefined ? "caulk: the server does not run" : `caulk: ${what}`, 5000);
}

async function explainRule(server: Server, pages: Pages, code?: string): Promise<void> {
  const chosen = code ?? codeAtCursor() ?? (await pickRule(server));
  const page = chosen === undefined ? undefined : await server.execute<string>("caulk.explain", chosen);
  if (chosen !== undefined && page) {
    await vscode.commands.executeCommand("markdown.showPreview", pages.put(`${chosen}.md`, page));
  }
}

async function pickRule(server: Server): Promise<string | undefined> {
  const rules = (await server.execute<RuleLine[]>("caulk.rules")) ?? [];
  const items = rules.map((rule) => ({ label: rule.code, description: rule.tier, detail: rule.summary }));
  return (await vscode.window.showQuickPick(items, { placeHolder: "Rule", matchOnDetail: true }))?.label;
}

/** The code of caulk's finding at the cursor. */
function codeAtCursor(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  const found = editor
    ? vscode.languages
        .getDiagnostics(editor.document.uri)
        .find((diagnostic) => diagnostic.source === "caulk" && diagnostic.range.contains(editor.selection.active))
    : undefined;
  const code = found?.code;
  return typeof code === "object" ? String(code.value) : code?.toString();
}

async function showEvidence(server: Server, pages: Pages): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return;
  }
  const { line, character } = editor.selection.active;
  const text = await server.execute<string>("caulk.evidence", editor.document.uri.toString(), { line, character });
  if (text) {
    await vscode.window.showTextDocument(pages.put("evidence.txt", text), { preview: true, viewColumn: vscode.ViewColumn.Beside });
  } else {
    vscode.window.setStatusBarMessage("caulk: no finding at the cursor", 5000);
  }
}

function goDocument(): vscode.TextDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === "go" ? document : undefined;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Texts of the server, shown as documents. */
class Pages implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  put(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    return uri;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "";
  }
}
