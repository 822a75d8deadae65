/** Connections to the server of a queue: which driver, who answers, and errors without secrets. */
import { createRequire } from "node:module";
import type * as Bullmq from "bullmq";
import type { Queue, Worker } from "bullmq";
import type * as Ioredis from "ioredis";
import type * as Pg from "pg";
import { MfgError } from "../errors.ts";

type Kind = "postgres" | "redis";

/** A URL without user, password and query, for messages. */
export function redacted(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return "the given URL";
  }
}

function kindOf(url: string): Kind {
  if (/^postgres(?:ql)?:\/\//.test(url)) return "postgres";
  if (/^(?:redis|rediss|valkey):\/\//.test(url)) return "redis";
  throw new MfgError({
    code: "MFGPU_CONFIG_QUEUE",
    message: `--queue: ${redacted(url)} is no address of a queue.`,
    fix: "Give redis://host:6379 or postgres://user:password@host:5432/database.",
    path: "--queue",
  });
}

// The ES build of bullmq cannot load pg by itself; its CommonJS build can.
const require = createRequire(import.meta.url);

function load(name: string, kind: Kind): unknown {
  try {
    return require(name);
  } catch (cause) {
    throw new MfgError({
      code: "MFGPU_CONFIG_QUEUE_PACKAGE",
      message: `A queue needs the package ${name}, which is not installed.`,
      fix: `npm install bullmq ${kind === "postgres" ? "pg" : "ioredis"}`,
      path: "--queue",
      cause,
    });
  }
}

type Opened = { readonly bullmq: typeof Bullmq } & (
  | {
      readonly kind: "postgres";
      readonly pg: typeof Pg;
      readonly connection: { readonly connectionString: string; readonly migrate: boolean };
    }
  | { readonly kind: "redis"; readonly connection: { readonly url: string; readonly maxRetriesPerRequest: null } }
);

/** A connection's options, after a first connection has shown that somebody answers there. */
export async function openConnection(url: string, connectMs: number): Promise<Opened> {
  const kind = kindOf(url);
  const bullmq = load("bullmq", kind) as typeof Bullmq;
  if (kind === "postgres") {
    const pg = load("pg", kind) as typeof Pg;
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectMs });
    client.on("error", () => undefined);
    await answered(url, connectMs, async () => {
      await client.connect();
      await client.end();
    });
    return { bullmq, kind, pg, connection: { connectionString: url, migrate: true } };
  }
  const { Redis } = load("ioredis", kind) as typeof Ioredis;
  const address = url.replace(/^valkey:/, "redis:");
  const redis = new Redis(address, {
    lazyConnect: true,
    connectTimeout: connectMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The first error says why; without a listener ioredis prints it, too.
  let first: Error | undefined;
  redis.on("error", (error: Error) => (first ??= error));
  try {
    await answered(url, connectMs, () =>
      redis.connect().catch((error: unknown) => {
        throw first ?? error;
      }),
    );
  } finally {
    redis.disconnect();
  }
  return { bullmq, kind, connection: { url: address, maxRetriesPerRequest: null } };
}

/** What `work` gives, or an error without secrets where it fails or takes longer than `ms`. */
async function answered<T>(url: string, ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (cause) {
    throw connectError(url, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** The cause itself is not kept: drivers put the URL, and so the password, into their errors. */
export function connectError(url: string, cause: unknown): MfgError {
  const { code, message, name } = cause as {
    readonly code?: string;
    readonly message?: string;
    readonly name?: string;
  };
  const why = String(message).replaceAll(url, redacted(url)).replace(/\.$/, "");
  // 42883 and its like: the database has not the functions or tables of the bullmq that we know.
  const foreign = /^42(?:883|P01|703)$/.test(code ?? "");
  if (name === "SchemaVersionMismatchError" || /version needs to be/.test(why) || foreign) {
    return new MfgError({
      code: "MFGPU_CONFIG_QUEUE_VERSION",
      message: `The queue at ${redacted(url)} is of another version: ${why}.`,
      fix: "Use the same version of bullmq on all machines, or another database; Redis must be 5 or newer.",
      path: "--queue",
    });
  }
  return new MfgError({
    code: "MFGPU_CONFIG_QUEUE_UNREACHABLE",
    message: `Nobody answers at ${redacted(url)}: ${code ?? why}.`,
    fix: "Start the server, or mend the address, user or password.",
    path: "--queue",
  });
}

/** Waits until a queue or worker can be used, and for what is to be done `then`; closes it where that fails. */
export async function readyOrClosed(
  url: string,
  ms: number,
  opened: Queue | Worker,
  then?: () => Promise<void> | undefined,
): Promise<void> {
  try {
    await answered(url, ms, async () => {
      await opened.waitUntilReady();
      await then?.();
    });
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw error;
  }
}
