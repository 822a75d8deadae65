/** A process that adds to a wisdom file, for the test of several at once: wisdomWriter.ts PATH NUMBER. */
import { Wisdom } from "../../src/decision/wisdom.ts";

const [path = "", number = "0"] = process.argv.slice(2);
const wisdom = await Wisdom.open(path);
for (let k = 0; k < 25; k++) {
  const done = await wisdom.learn([{ kind: "choice", task: `${number}-${k}`, candidate: "batched f64", machine: {} }]);
  if (!done) process.exitCode = 1;
}
// Enough to make it rewrite the file.
if (number === "0") {
  const choice = { kind: "choice", task: "0-0", candidate: "batched f64", machine: {} } as const;
  if (!(await wisdom.learn(Array.from({ length: 2000 }, () => choice)))) process.exitCode = 1;
}
