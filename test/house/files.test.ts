import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, root } from "./imports.ts";

const sources = ["src", "test", "scripts", "bench", "examples"].flatMap((folder) =>
  filesBelow(folder, [".ts", ".mjs", ".json", ".c"]),
);

describe("source files", () => {
  test("are found", () => expect(sources.length).toBeGreaterThan(20));
  test("hold ASCII only, and no carriage return", () => {
    const foreign = sources.flatMap((path) => {
      const lines = readFileSync(join(root, path), "latin1").split("\n");
      return lines.flatMap((line, i) => (/[^\t -~]/.test(line) ? [`${path}:${i + 1}`] : []));
    });
    expect(foreign).toEqual([]);
  });
  test("of the library hold no default export", () => {
    const found = sources.filter(
      (path) => path.startsWith("src/") && /^export default\b/m.test(readFileSync(join(root, path), "utf8")),
    );
    expect(found).toEqual([]);
  });
});

test("package-lock.json holds the optional packages of every platform, or npm ci refuses it (scripts/lock.mjs)", () => {
  interface Locked {
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const text = readFileSync(join(root, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };
  const missing = Object.values(packages).flatMap(({ optionalDependencies }) =>
    Object.keys(optionalDependencies ?? {}).filter((name) => !(`node_modules/${name}` in packages)),
  );
  expect(missing).toEqual([]);
});
