/** Servers that do not answer as they should: an error in good time, without the password. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { batchJob, checkVersion, queueProtocol, StudyQueue } from "../../src/batch/queue.ts";
import type { MfgError } from "../../src/errors.ts";

/** The port of a server that does `greet` with whoever connects, and nothing else. */
async function silent(greet: (socket: Socket) => void = () => undefined): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
    greet(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function refusal(url: string): Promise<MfgError> {
  return StudyQueue.connect(url, { connectMs: 250 }).then(
    () => {
      throw new Error("connected");
    },
    (error: unknown) => error as MfgError,
  );
}

describe.each(["postgres", "redis", "valkey"])("a %s server", (kind) => {
  const url = (port: number): string => `${kind}://somebody:sesame@127.0.0.1:${port}/0`;

  test("that accepts and stays silent is unreachable after the time limit", async () => {
    const error = await refusal(url(await silent()));
    expect(error).toMatchObject({ code: "MFGPU_CONFIG_QUEUE_UNREACHABLE", path: "--queue" });
    expect(error.message).toContain("127.0.0.1");
    expect(`${error.message} ${error.fix}`).not.toContain("sesame");
  });

  test("that hangs up or talks nonsense is unreachable", async () => {
    for (const greet of [
      (socket: Socket) => void socket.destroy(),
      (socket: Socket) => void socket.write("HTTP/1.1 400\r\n\r\n"),
    ]) {
      const error = await refusal(url(await silent(greet)));
      expect(error.code).toBe("MFGPU_CONFIG_QUEUE_UNREACHABLE");
      expect(`${error.message} ${error.fix} ${JSON.stringify(error)}`).not.toContain("sesame");
    }
  });
});

test("an address of nothing that is a queue is refused without its password", async () => {
  const error = await refusal("amqp://somebody:sesame@127.0.0.1/x?token=sesame");
  expect(error.code).toBe("MFGPU_CONFIG_QUEUE");
  expect(`${error.message} ${error.fix}`).not.toContain("sesame");
});

test("jobs of another protocol or of other numbers are told apart", () => {
  const job = batchJob("0123456789abcdef", 3);
  expect(() => checkVersion(job)).not.toThrow();
  for (const other of [
    { ...job, protocol: queueProtocol + 1 },
    { ...job, schemeVersion: job.schemeVersion - 1 },
  ])
    expect(() => checkVersion(other)).toThrow(/same|protocol/);
});
