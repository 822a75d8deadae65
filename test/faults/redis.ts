/** A Redis server of its own for a test, where `redis-server` is installed. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, type Server, secret } from "./server.ts";

/** Why there is no Redis here; undefined where there is. */
export const whyNoRedis: string | undefined =
  spawnSync("redis-server", ["--version"]).status === 0 ? undefined : "redis-server is not installed";

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Starts a server that keeps everything it is told, with a password. */
export async function startRedis(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "mfgpu-redis-"));
  const port = await freePort();
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--requirepass", secret];
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    server = spawn("redis-server", [...options, ...durable], { stdio: "ignore" });
    while (!(await accepts(port))) {
      if (server.exitCode !== null) throw new Error(`redis-server ended with code ${server.exitCode}`);
      await sleep(20);
    }
  };
  const stop = async (): Promise<void> => {
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    await ended;
  };
  await start();
  return {
    url: `redis://:${secret}@127.0.0.1:${port}`,
    restart: async () => {
      await stop();
      await start();
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
