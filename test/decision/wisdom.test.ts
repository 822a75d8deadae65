/** The wisdom file: shared, versioned, never trusted where it should not be, and never in the way. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Machine } from "../../src/decision/fingerprint.ts";
import { exportWisdom, forgetWisdom, importWisdom, Wisdom, wisdomPath } from "../../src/decision/wisdom.ts";
import { compacted, lineOf, readEntries, wisdomHeader, type WisdomEntry } from "../../src/decision/wisdomEntries.ts";
import { root } from "../house/imports.ts";

const machine: Machine = { cpu: "A", node: "20.20.0", kernels: "abc" };
const sweep = {
  latency: 1e-3,
  advection: 1e-5,
  diffusion: 2e-6,
  saturation: 0,
  ratios: [{ points: 48, ratio: 1.1 }],
  spread: 0.1,
};
const flat = { fixed: 0.1, each: 1e-7 };
const model = {
  setup: flat,
  cold: 5,
  upload: flat,
  download: flat,
  hjb: sweep,
  fokkerPlanck: sweep,
  moving: { hjb: 0, fokkerPlanck: 0 },
  relax: flat,
  column: 1e-6,
  certify: { sweeps: 1, each: 1e-6 },
  beside: [{ points: 48, ratio: 0.6 }],
  fewest: 48,
  most: 1000,
  noise: 0.02,
};
const entry: WisdomEntry = { kind: "model", candidate: "batched f64", mode: "1-D", machine, model };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "mfgpu-wisdom-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function filled(): Promise<{ path: string; dir: string }> {
  const dir = folder();
  const path = join(dir, "deep/er/wisdom.jsonl");
  expect(await (await Wisdom.open(path)).learn([entry])).toBe(true);
  return { path, dir: join(dir, "deep/er") };
}

test("what is learned is there the next time, and the file is plain JSON lines", async () => {
  const { path, dir } = await filled();
  const again = await Wisdom.open(path);
  expect(again.model("batched f64", "1-D", machine)).toEqual(model);
  expect(again.model("batched f64", "2-D", machine)).toBeUndefined();
  expect(again.model("scalar f64", "1-D", machine)).toBeUndefined();
  expect(again.notes).toEqual([]);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)[0]).toEqual({ format: "mfgpu wisdom", version: 2 });
  expect(readdirSync(dir)).toEqual(["wisdom.jsonl"]);
});
test("the newest of two models counts", async () => {
  const { path } = await filled();
  await (await Wisdom.open(path)).learn([{ ...entry, model: { ...model, cold: 7 } }]);
  expect((await Wisdom.open(path)).model("batched f64", "1-D", machine)!.cold).toBe(7);
});

describe("what was taken elsewhere is refused, with the part that differs", () => {
  test.each([
    ["cpu", { ...machine, cpu: "B" }, "cpu was A and is B"],
    ["a version", { ...machine, node: "22.1.0" }, "node was 20.20.0 and is 22.1.0"],
    ["kernels", { ...machine, kernels: "def" }, "kernels was abc and is def"],
    ["a driver that was not known", { ...machine, driver: "550" }, "driver was not known and is 550"],
  ])("%s", async (_, now, reason) => {
    const { path } = await filled();
    const wisdom = await Wisdom.open(path);
    expect(wisdom.model("batched f64", "1-D", now)).toBeUndefined();
    expect(wisdom.notes.join()).toContain(`Wisdom of batched f64 is refused: ${reason}`);
  });
});

describe("a file that cannot be trusted is set aside, the reason is told, and work goes on", () => {
  const good = wisdomHeader + lineOf(entry);
  test.each([
    ["truncated", good.slice(0, -20), "cut off"],
    ["empty", "", "empty"],
    ["binary", "\u0000\u0001\u0002\n", "no wisdom file"],
    ["foreign JSON", `{"name":"left-pad"}\n`, "no wisdom file"],
    ["a JSON null", "null\n", "no wisdom file"],
    ["a future version", good.replace(`"version":2`, `"version":3`), "version 3"],
    ["a past version", good.replace(`"version":2`, `"version":1`), "version 1"],
    ["one digit changed", good.replace("1000", "1001"), "line 2 is damaged"],
    ["an unknown kind of entry", `${good}{"sum":"x","entry":{"kind":"spell"}}\n`, "line 3 is damaged"],
    ["a negative time", wisdomHeader + lineOf({ ...entry, model: { ...model, cold: -1 } }), "line 2 is damaged"],
    ["a line of null", `${good}null\n`, "line 3 is damaged"],
  ])("%s", async (_, text, reason) => {
    const { path, dir } = await filled();
    writeFileSync(path, text);
    const wisdom = await Wisdom.open(path);
    expect(wisdom.entries).toEqual([]);
    expect(wisdom.notes.join()).toContain("set aside");
    expect(wisdom.notes.join()).toContain(reason);
    const [aside, ...others] = readdirSync(dir);
    expect(others).toEqual([]);
    expect(aside).toMatch(/^wisdom\.jsonl\.set-aside-/);
    expect(readFileSync(join(dir, aside!), "utf8")).toBe(text);
    await wisdom.learn([entry]);
    expect((await Wisdom.open(path)).entries).toEqual([entry]);
  });
});

describe("a place that cannot be written", () => {
  test("below a file: everything works but the memory, and that is said", async () => {
    const dir = folder();
    writeFileSync(join(dir, "file"), "");
    const wisdom = await Wisdom.open(join(dir, "file/wisdom.jsonl"));
    expect(await wisdom.learn([entry])).toBe(false);
    expect(wisdom.model("batched f64", "1-D", machine)).toEqual(model);
    expect(wisdom.notes.join()).toMatch(/Nothing is remembered: .*cannot be written \((ENOTDIR|EEXIST)\)/);
  });
  test.skipIf(process.getuid?.() === 0)("a read-only folder", async () => {
    const dir = join(folder(), "cache");
    mkdirSync(dir);
    chmodSync(dir, 0o500);
    const wisdom = await Wisdom.open(join(dir, "wisdom.jsonl"));
    expect(await wisdom.learn([entry])).toBe(false);
    expect(wisdom.notes.join()).toMatch(/cannot be written \(EACCES\)/);
  });
  test.skipIf(process.platform !== "linux")("a file system that takes no files, even from root", async () => {
    const wisdom = await Wisdom.open("/proc/mfgpu/wisdom.jsonl");
    expect(await wisdom.learn([entry])).toBe(false);
    expect(wisdom.notes.join()).toMatch(/Nothing is remembered/);
  });
  test("a folder in the file's place", async () => {
    const dir = folder();
    const wisdom = await Wisdom.open(dir);
    expect(wisdom.notes.join()).toContain("cannot be read");
    expect(wisdom.entries).toEqual([]);
  });
});

test("several processes at once: no line is lost or torn, though one of them compacts", async () => {
  const { path } = await filled();
  const program = join(root, "test/decision/wisdomWriter.ts");
  const writers = Array.from({ length: 4 }, (_, i) =>
    spawn(process.execPath, ["--import", "tsx", program, path, String(i)], { stdio: "inherit", cwd: root }),
  );
  const codes = await Promise.all(writers.map(async (writer) => (await once(writer, "close"))[0] as number));
  expect(codes).toEqual([0, 0, 0, 0]);
  const wisdom = await Wisdom.open(path);
  expect(wisdom.notes).toEqual([]);
  const names = new Set(wisdom.entries.map((each) => (each.kind === "choice" ? each.task : each.kind)));
  expect(names.size).toBe(1 + 4 * 25);
});
test("a lock that a dead process left does not hold anybody up", async () => {
  const { path } = await filled();
  writeFileSync(`${path}.lock`, "");
  const { utimesSync } = await import("node:fs");
  utimesSync(`${path}.lock`, new Date(0), new Date(0));
  expect(await (await Wisdom.open(path)).learn([entry])).toBe(true);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

describe("forget, export, import", () => {
  test("there and back", async () => {
    const { path, dir } = await filled();
    const kept = join(dir, "kept.jsonl");
    expect(await exportWisdom(path, kept)).toBe(1);
    expect(await forgetWisdom(path)).toBe(true);
    expect(await forgetWisdom(path)).toBe(false);
    expect((await Wisdom.open(path)).entries).toEqual([]);
    expect(await importWisdom(path, kept)).toBe(1);
    expect((await Wisdom.open(path)).entries).toEqual([entry]);
  });
  test("what is no wisdom is refused with the reason and left where it is", async () => {
    const { path, dir } = await filled();
    const foreign = join(dir, "foreign.json");
    writeFileSync(foreign, "{}\n");
    await expect(importWisdom(path, foreign)).rejects.toMatchObject({ code: "MFGPU_FILE_WISDOM", path: foreign });
    await expect(importWisdom(path, join(dir, "none"))).rejects.toThrow("not there");
    await expect(exportWisdom(path, join(dir, "no/folder/x"))).rejects.toMatchObject({ code: "MFGPU_FILE_WISDOM" });
    expect(existsSync(foreign)).toBe(true);
    expect((await Wisdom.open(path)).entries).toEqual([entry]);
  });
});

test("compaction keeps the newest model and choice, and the last outcomes", () => {
  const outcome = (points: number): WisdomEntry => ({
    kind: "outcome",
    candidate: "batched f64",
    mode: "1-D",
    machine,
    points,
    ratio: 1.1,
  });
  const many = Array.from({ length: 50 }, (_, i) => outcome(i));
  const newer: WisdomEntry = { ...entry, model: { ...model, cold: 9 } };
  const kept = compacted([entry, ...many, newer]);
  expect(kept).toHaveLength(31);
  expect(kept.at(-1)).toEqual(newer);
  expect(kept[0]).toEqual(outcome(20));
  expect(readEntries(wisdomHeader + kept.map(lineOf).join(""))).toEqual({ entries: kept });
});

test("the path is the user's cache folder", () => {
  expect(wisdomPath({ XDG_CACHE_HOME: "/x/cache" })).toBe("/x/cache/mfgpu/wisdom.jsonl");
  expect(wisdomPath({ XDG_CACHE_HOME: "relative" })).not.toContain("relative");
  expect(wisdomPath({})).toMatch(/mfgpu.wisdom\.jsonl$/);
});
