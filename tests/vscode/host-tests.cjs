// Runs inside the extension host (CommonJS, as it is required there).
const assert = require("node:assert");
const fs = require("node:fs");
const vscode = require("vscode");

const PRICING = "internal/services/pricing.go";

async function until(what, found, milliseconds = 30_000) {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    const value = await found();
    if (value) {
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`timeout: ${what}`);
}

async function show(name) {
  const [uri] = await vscode.workspace.findFiles(name);
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document);
  return { uri, document, editor };
}

// of the server: those of the task have no link to a page
const ours = (uri) => vscode.languages.getDiagnostics(uri).filter((found) => found.source === "caulk" && found.code?.target);
const code = (found) => String(found.code.value);
const settings = () => vscode.workspace.getConfiguration("caulk");
const set = (name, value) => settings().update(name, value, vscode.ConfigurationTarget.Workspace);

async function body(uri) {
  return until("the finding", () => ours(uri).find((found) => code(found) === "http-body-unclosed"));
}

const tests = {
  async "a diagnostic has its code, its page and the steps of the leak"() {
    const { uri } = await show(PRICING);
    const found = await body(uri);
    assert.equal(found.severity, vscode.DiagnosticSeverity.Warning);
    assert.match(String(found.code.target), /http_body_unclosed\.md$/);
    assert.ok(found.relatedInformation.length >= 2);
  },
  async "quick fixes: the preferred one mends, undo takes one step"() {
    const { uri, document } = await show(PRICING);
    const found = await body(uri);
    const actions = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", uri, found.range, "quickfix", 20);
    assert.equal(actions[0].title, "Add `defer resp.Body.Close()`");
    assert.ok(actions[0].isPreferred);
    assert.ok(actions.some((action) => action.title === "Fix all http-body-unclosed in the workspace"));
    const before = document.getText();
    await vscode.workspace.applyEdit(actions[0].edit);
    assert.match(document.getText(), /\tdefer resp\.Body\.Close\(\)\n/);
    await until("no finding", () => !ours(uri).some((one) => code(one) === "http-body-unclosed"));
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), before);
  },
  async "the hover holds the page of the rule and the path"() {
    const { uri } = await show(PRICING);
    const found = await body(uri);
    const hovers = await vscode.commands.executeCommand("vscode.executeHoverProvider", uri, found.range.start);
    const text = hovers.flatMap((hover) => hover.contents.map((content) => content.value)).join("\n");
    assert.match(text, /# http-body-unclosed/);
    assert.match(text, /acquired here/);
  },
  async "a setting is told to the running server"() {
    const { uri } = await show(PRICING);
    await body(uri);
    await set("ignore", ["http-body-unclosed"]);
    await until("silence", () => !ours(uri).some((one) => code(one) === "http-body-unclosed"));
    await set("ignore", undefined);
    await body(uri);
  },
  async "settings know the rules"() {
    const properties = vscode.extensions.getExtension("caulk.caulk").packageJSON.contributes.configuration.properties;
    assert.ok(properties["caulk.select"].items.enum.includes("http-body-unclosed"));
    assert.ok(properties["caulk.severity"].properties["rows-unclosed"].enum.includes("off"));
  },
  async "fix all in a file"() {
    const { uri, document } = await show("internal/webhook/client.go");
    await until("findings", () => ours(uri).length > 0);
    const before = document.getText();
    await vscode.commands.executeCommand("caulk.fixAllInFile");
    await until("edits", () => document.getText() !== before);
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), before);
  },
  async "safe fixes on save"() {
    const { document, uri } = await show(PRICING);
    await body(uri);
    const target = vscode.ConfigurationTarget.Workspace;
    await vscode.workspace.getConfiguration("editor").update("codeActionsOnSave", { "source.fixAll.caulk": "explicit" }, target);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(uri, new vscode.Position(document.lineCount, 0), "\n// saved\n");
    await vscode.workspace.applyEdit(edit);
    await document.save();
    assert.match(fs.readFileSync(uri.fsPath, "utf8"), /\tdefer resp\.Body\.Close\(\)\n/);
    await vscode.workspace.getConfiguration("editor").update("codeActionsOnSave", undefined, target);
  },
  async "the page of a rule opens"() {
    await vscode.commands.executeCommand("caulk.explainRule", "rows-unclosed");
    await until("a preview", () => vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => /rows-unclosed/.test(tab.label))));
  },
  async "evidence is shown"() {
    const { editor, uri } = await show("internal/webhook/client.go");
    const [found] = await until("findings", () => ours(uri).length > 0 && ours(uri));
    editor.selection = new vscode.Selection(found.range.start, found.range.start);
    await vscode.commands.executeCommand("caulk.showEvidence");
    const shown = await until("the text", () => vscode.workspace.textDocuments.find((one) => one.uri.scheme === "caulk" && /evidence:/.test(one.getText())));
    assert.match(shown.getText(), /path:/);
  },
  async "the task lists the leaks of files that are not open"() {
    await vscode.commands.executeCommand("caulk.checkWorkspace");
    await until("problems", () => vscode.languages.getDiagnostics().some(([uri, list]) => /orders\.go$/.test(uri.path) && list.length > 0), 60_000);
  },
  async "fix all in the workspace"() {
    const { document } = await show("internal/webhook/client.go");
    const before = document.getText();
    await vscode.commands.executeCommand("caulk.fixAllInWorkspace");
    await until("edits", () => document.getText() !== before);
    const changed = vscode.workspace.textDocuments.filter((one) => one.isDirty && one.languageId === "go");
    assert.ok(changed.length > 1, `only ${changed.map((one) => one.fileName)}`);
    for (const one of changed) {
      await one.save();
    }
  },
  async "a server that does not start is replaced, and one that works comes back"() {
    const { uri } = await show("internal/images/images.go");
    await until("findings", () => ours(uri).length > 0);
    await set("path", ["/no/such/caulk"]);
    await vscode.commands.executeCommand("caulk.restart");
    await until("findings of the bundled server", () => ours(uri).length > 0);
    const mute = `${uri.fsPath}.sh`;
    fs.writeFileSync(mute, '#!/bin/sh\n[ "$1" = --version ] && echo "caulk 0.1.0" && exit\nexit 3\n', { mode: 0o755 });
    await set("path", [mute]); // answers --version, then fails at once
    await vscode.commands.executeCommand("caulk.restart");
    await until("nothing", () => ours(uri).length === 0);
    await set("path", undefined);
    await vscode.commands.executeCommand("caulk.restart");
    await until("findings again", () => ours(uri).length > 0);
    fs.rmSync(mute);
  },
};

exports.run = async () => {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    const began = Date.now();
    try {
      await test();
      console.log(`ok ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${name}: ${error?.stack}`);
    }
  }
  console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
  if (failed) {
    throw new Error(`${failed} failed`);
  }
};
