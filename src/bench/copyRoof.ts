/** Copy bandwidth of several threads at once: each copies between arrays of its own that no cache holds. */
import { Worker } from "node:worker_threads";

const copyBytes = 1 << 25;
const leastMs = 150;

/** Plain JavaScript, so that it runs alike from sources and from a build: waits for all, then copies for a while. */
const program = `
const { workerData, parentPort } = require("node:worker_threads");
const { shared, threads, copyBytes, leastMs } = workerData;
const gate = new Int32Array(shared);
const from = new Float64Array(copyBytes / 8).fill(1);
const to = new Float64Array(copyBytes / 8);
to.set(from);
Atomics.add(gate, 0, 1);
Atomics.notify(gate, 0);
for (let seen = Atomics.load(gate, 0); seen < threads; seen = Atomics.load(gate, 0)) Atomics.wait(gate, 0, seen, 1000);
const begun = performance.now();
let copies = 0;
do { to.set(from); copies++; } while (performance.now() - begun < leastMs);
parentPort.postMessage((2 * copyBytes * copies * 1000) / (performance.now() - begun));
`;

/** Bytes per second, read and write counted, of so many threads together. */
export async function copyBandwidth(threads: number): Promise<number> {
  const shared = new SharedArrayBuffer(4);
  const rates = await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(program, { eval: true, workerData: { shared, threads, copyBytes, leastMs } });
      return new Promise<number>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}
