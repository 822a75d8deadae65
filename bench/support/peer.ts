/**
 * A peer program: compiled where a C compiler is found, asked over stdin and stdout so that its runs interleave with
 * ours.
 */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { basename, join } from "node:path";

/** The C compiler's command, or undefined where there is none. */
export function findCompiler(): string | undefined {
  for (const command of [process.env["CC"], "cc", "gcc", "clang"]) {
    if (command === undefined || command === "") continue;
    try {
      execFileSync(command, ["--version"], { stdio: "ignore" });
      return command;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

/** Compiles one source file into `folder` and returns the program's path. */
export function compile(
  compiler: string,
  flags: readonly string[],
  source: string,
  folder: string,
  name: string,
): string {
  const program = join(folder, name);
  execFileSync(compiler, ["-std=gnu11", ...flags, source, "-o", program], { stdio: ["ignore", "ignore", "inherit"] });
  return program;
}

/** A running peer that answers requests in order. */
export class Peer implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<void>;
  #ended: Error | undefined;
  #received: Buffer[] = [];
  #waiting:
    | { readonly bytes: number; readonly resolve: (data: Buffer) => void; readonly reject: (e: Error) => void }
    | undefined;

  constructor(program: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
    const name = [program, ...args].map((part) => basename(part)).join(" ");
    let words = "";
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-2000);
    });
    const fail = (how: string): void => {
      this.#ended ??= new Error(`${name} ${how}${words === "" ? "" : `: ${words.trim().split("\n").at(-1)}`}`);
      this.#waiting?.reject(this.#ended);
      this.#waiting = undefined;
    };
    this.#process.on("error", (error) => fail(`does not start (${error.message})`));
    // A peer that ends while it is written to is told of by its end.
    this.#process.stdin.on("error", () => undefined);
    this.#closed = new Promise((resolve) => {
      this.#process.on("close", (code) => {
        fail(`ended with code ${code}`);
        resolve();
      });
    });
    this.#process.stdout.on("data", (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#answer();
    });
  }

  /** Sends bytes and returns the answer of known length. */
  async ask(request: readonly Uint8Array[], answerBytes: number): Promise<Buffer> {
    if (this.#ended) throw this.#ended;
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#waiting = { bytes: answerBytes, resolve, reject };
    });
    this.#answer();
    for (const part of request) this.#process.stdin.write(part);
    return answer;
  }

  /** The line that a peer writes when it is ready, without its end. */
  async firstLine(): Promise<string> {
    let line = "";
    for (;;) {
      const character = (await this.ask([], 1)).toString("latin1");
      if (character === "\n") return line;
      line += character;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    await this.#closed;
  }

  #answer(): void {
    const waiting = this.#waiting;
    const length = this.#received.reduce((sum, chunk) => sum + chunk.length, 0);
    if (waiting === undefined || length < waiting.bytes) return;
    const data = Buffer.concat(this.#received);
    this.#received = data.length > waiting.bytes ? [data.subarray(waiting.bytes)] : [];
    this.#waiting = undefined;
    waiting.resolve(data.subarray(0, waiting.bytes));
  }
}
