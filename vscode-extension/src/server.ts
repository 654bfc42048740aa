// The running server: started, stopped and started again, one after the other.
import * as vscode from "vscode";
import { LanguageClient, State, TransportKind, type LanguageClientOptions } from "vscode-languageclient/node";
import { findServer, type Launch } from "./launch";
import { atStart, get } from "./settings";

/** Milliseconds that a server may take to start, and to stop, before it counts as hanging. */
const START_PATIENCE = 30_000;
const STOP_PATIENCE = 2_000;

export type Phase = "starting" | "running" | "stopped";

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();
  private explained = false;
  private readonly changed = new vscode.EventEmitter<Phase>();
  readonly onDidChange = this.changed.event;
  /** How the server was started last; undefined when none was found. */
  launch: Launch | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly output: vscode.LogOutputChannel,
    private readonly trace: vscode.LogOutputChannel,
  ) {}

  /** Stop and start. Calls in a row run one after the other, and one that fails leaves the next one its chance. */
  restart(): Promise<void> {
    this.queue = this.queue.then(async () => {
      await this.stop();
      try {
        await this.start();
      } catch (error) {
        this.output.error(`the server did not start: ${String(error)}`);
        await this.stop();
        this.explain("The caulk server did not start.");
      }
    });
    return this.queue;
  }

  /** What the server answers to one of its commands; undefined when it does not run. */
  async execute<T>(command: string, ...args: unknown[]): Promise<T | undefined> {
    await this.queue;
    return this.client?.sendRequest<T>("workspace/executeCommand", { command, arguments: args });
  }

  async close(): Promise<void> {
    await this.queue;
    await this.stop();
  }

  dispose(): void {
    this.changed.dispose();
  }

  private async start(): Promise<void> {
    this.changed.fire("starting");
    const launch = await findServer(
      {
        path: get<string[]>("path", []),
        fromEnvironment: get<string>("importStrategy", "fromEnvironment") === "fromEnvironment",
        interpreter: get<string[]>("interpreter", []),
        trusted: vscode.workspace.isTrusted,
        extensionPath: this.context.extensionPath,
        version: String((this.context.extension.packageJSON as { version: string }).version),
        folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
      },
      (message) => this.output.info(message),
    );
    this.launch = launch;
    if (launch === undefined) {
      this.changed.fire("stopped");
      this.explain("caulk needs Python 3.11 or later, or a caulk that is installed, to look for leaks.");
      return;
    }
    const args = [...launch.args, "lsp", ...(get<string>("logLevel", "warning") === "debug" ? ["--verbose"] : [])];
    this.output.info(`${launch.source}: ${[launch.command, ...args].join(" ")} (version ${launch.version})`);
    const run = { command: launch.command, args, transport: TransportKind.stdio };
    const client = new LanguageClient("caulk", "caulk", run, this.clientOptions());
    this.client = client;
    client.onDidChangeState(({ newState }) => {
      if (this.client === client) {
        this.changed.fire(newState === State.Running ? "running" : newState === State.Starting ? "starting" : "stopped");
      }
    });
    await within(START_PATIENCE, client.start(), "no answer to initialize");
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: [
        { scheme: "file", language: "go" },
        { scheme: "untitled", language: "go" },
      ],
      outputChannel: this.output,
      traceOutputChannel: this.trace,
      initializationOptions: atStart(),
      markdown: { isTrusted: { enabledCommands: ["caulk.explainRule"] } },
    };
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client === undefined) {
      return;
    }
    try {
      if (client.needsStop()) {
        await client.stop(STOP_PATIENCE);
      }
    } catch (error) {
      this.output.warn(`stopping: ${String(error)}`);
    }
    await client.dispose(STOP_PATIENCE).catch((error: unknown) => this.output.warn(`stopping: ${String(error)}`));
    this.changed.fire("stopped");
  }

  /** One message a session, with what can be done; not waited for. */
  private explain(message: string): void {
    if (!this.explained) {
      this.explained = true;
      void this.ask(message);
    }
  }

  private async ask(message: string): Promise<void> {
    const choice = await vscode.window.showErrorMessage(message, "Install Python", "Set path", "Show logs");
    if (choice === "Install Python") {
      await vscode.env.openExternal(vscode.Uri.parse("https://www.python.org/downloads/"));
    } else if (choice === "Set path") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "caulk.path");
    } else if (choice === "Show logs") {
      this.output.show();
    }
  }
}

/** The result of a promise that may hang. */
async function within<T>(milliseconds: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
