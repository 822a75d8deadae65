import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { circles, misdirected, readImports, root, specifiersOf } from "./imports.ts";

describe("the imports of src", () => {
  const graph = readImports();

  test("are found, and lead to files that exist", () => {
    const targets = [...graph.values()].flat();
    expect(targets.length).toBeGreaterThan(20);
    expect(targets.filter((file) => !existsSync(join(root, "src", file)))).toEqual([]);
  });
  test("go down the floors, never up or from tier to tier", () => expect(misdirected(graph)).toEqual([]));
  test("make no circle", () => expect(circles(graph)).toEqual([]));
  test("are all that index.ts holds: it re-exports only", () => {
    const path = join(root, "src/index.ts");
    const code = readFileSync(path, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
    expect(code.replaceAll(/export (?:type )?\{[^}]*\} from "[^"]+";/g, "").trim()).toBe("");
  });
});

describe("the check itself", () => {
  test.each([
    ["problem/schema.ts", "solver/solve.ts"],
    ["scheme/weno5.ts", "tiers/tier.ts"],
    ["solver/solve.ts", "io/run.ts"],
    ["tiers/batched/sweep.ts", "tiers/scalar/sweep.ts"],
    ["tiers/host/sweep.ts", "tiers/scalar/sweep.ts"],
    ["tiers/dawn/instance.ts", "tiers/webgpu/device.ts"],
    ["tiers/scalar/tier.ts", "tiers/registry.ts"],
    ["solver/solve.ts", "tiers/scalar/tier.ts"],
    ["errors.ts", "problem/types.ts"],
    ["elsewhere/file.ts", "errors.ts"],
    ["cli/main.ts", "index.ts"],
  ])("refuses %s -> %s", (from, to) => expect(misdirected(new Map([[from, [to]]]))).toHaveLength(1));

  test.each([
    ["solver/solve.ts", "errors.ts"],
    ["tiers/registry.ts", "tiers/scalar/tier.ts"],
    ["tiers/scalar/tier.ts", "tiers/host/sweep.ts"],
    ["tiers/gpujs/tier.ts", "tiers/dawn/instance.ts"],
    ["tiers/scalar/tier.ts", "tiers/tier.ts"],
    ["plot/figure.ts", "io/run.ts"],
    ["index.ts", "cli/main.ts"],
  ])("lets %s -> %s pass", (from, to) => expect(misdirected(new Map([[from, [to]]]))).toEqual([]));

  test("finds a circle through three files", () => {
    const graph = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts"]],
      ["c.ts", ["b.ts"]],
    ]);
    expect(circles(graph)).toEqual(["b.ts -> c.ts -> b.ts"]);
  });
  test("reads every form of import and no comment", () => {
    const source = [
      `import { a } from "./a.ts";`,
      `import type { B } from "./b.ts";`,
      `import {\n  c,\n  d,\n} from "./c.ts";`,
      `export { e } from "./e.ts";`,
      `export * from "./f.ts";`,
      `import "./g.ts";`,
      `const h = await import("./h.ts");`,
      `// import { x } from "./x.ts";`,
      `/* import { y } from "./y.ts"; */`,
      ` * import { z } from "./z.ts";`,
    ];
    expect(
      specifiersOf(source.join("\n"))
        .map((name) => name.slice(2, 3))
        .toSorted()
        .join(""),
    ).toBe("abcefgh");
  });
});
