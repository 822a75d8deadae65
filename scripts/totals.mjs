/**
 * A vitest reporter that writes the totals of a run and one line for each thing that failed into the file that
 * MFGPU_TEST_TOTALS names. Vitest's JSON report leaves out what failed outside every test: an error that nothing caught,
 * a hook, a test process that died (whose tests count as failed here, not as skipped).
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { root } from "./clone.mjs";

function firstLine(error) {
  return String(error?.message ?? error ?? "no message").split("\n")[0];
}

export default class Totals {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const totals = { passed: 0, failed: 0, skipped: 0, failures: [] };
    const fail = (what, error) => {
      totals.failed += 1;
      totals.failures.push(`${what}: ${firstLine(error)}`);
    };
    for (const module of modules) {
      const name = relative(root, module.moduleId);
      for (const error of module.errors()) fail(name, error);
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) fail(`${name}: ${suite.fullName}`, error);
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === "failed") fail(`${name}: ${test.fullName}`, errors[0]);
        else if (state === "pending") fail(`${name}: ${test.fullName}`, "was not run to its end");
        else totals[state] += 1;
      }
      if (module.children.size === 0 && module.state() !== "failed") fail(name, "was not run");
    }
    for (const error of unhandledErrors) fail("outside every test", error);
    if (reason !== "passed" && totals.failed === 0) fail("vitest", `the run ended as "${reason}"`);
    writeFileSync(process.env.MFGPU_TEST_TOTALS, JSON.stringify(totals));
  }
}
