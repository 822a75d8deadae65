/** What the tier rust says where its addon or its WebAssembly module is missing, broken or another version's. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addon, addonFiles, isAddon, loadAddon, platformName } from "../../src/tiers/rust/addon.ts";
import { loadWasm } from "../../src/tiers/rust/wasm.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mfgpu-addon-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): { readonly name: string; readonly specifier: string } {
  const specifier = join(folder, name);
  writeFileSync(specifier, content);
  return { name, specifier };
}

function refusal(answer: unknown): { readonly code: string; readonly why: string; readonly fix: string } {
  expect(answer).toMatchObject({ state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE" });
  return answer as ReturnType<typeof refusal>;
}

describe("loadAddon", () => {
  test("names every attempt and why it failed, and what mends it", () => {
    const missing = { name: "the missing one", specifier: join(folder, "nowhere.node") };
    const corrupt = file("corrupt.node", "no library at all");
    const { why, fix } = refusal(loadAddon([missing, corrupt]));
    expect(why).toContain("the missing one: not there");
    // The system's own words: "file too short" or "invalid ELF header" here, others elsewhere.
    expect(why).toMatch(/corrupt\.node: (?!not there).+/);
    expect(fix).toContain("npm run build:native");
  });

  test("refuses a library of another kind of processor or system", () => {
    const elf = new Uint8Array(4096);
    // An ELF header for a big-endian machine of 32 bits.
    elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 2, 1]);
    const { why } = refusal(loadAddon([file("foreign.node", elf)]));
    expect(why).toMatch(/foreign\.node: (?!not there).+/);
  });

  test("refuses another version's addon", () => {
    const other = file("other.cjs", `exports.host = () => ({ version: "0.0.1" });`);
    expect(refusal(loadAddon([other])).why).toContain("other.cjs: it is of version 0.0.1, not ");
  });

  test("refuses what is no addon", () => {
    expect(refusal(loadAddon([file("empty.cjs", "")])).why).toContain("empty.cjs: ");
  });

  test("takes the first one that works", () => {
    const found = addon();
    if (!isAddon(found)) return;
    const answer = loadAddon([{ name: "gone", specifier: join(folder, "gone.node") }, ...addonFiles()]);
    expect(isAddon(answer)).toBe(true);
  });

  test("looks for this platform's package after the clone's own", () => {
    const [own, packaged] = addonFiles();
    expect(own!.name).toBe("native/build/mfgpu.node");
    expect(packaged!.specifier).toBe(`mfgpu-${platformName()}`);
    expect(platformName()).toContain(`${process.platform}-${process.arch}`);
  });
});

describe("loadWasm", () => {
  test("says that the module is not there, and what mends it", async () => {
    const { why, fix } = refusal(await loadWasm({ name: "x.wasm", specifier: join(folder, "x.wasm") }));
    expect(why).toContain("x.wasm: not there");
    expect(fix).toContain("rustup target add wasm32-wasip1-threads");
  });

  test.each([
    ["text", "no module"],
    ["a module without the addon", new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
  ])("says why %s is none", async (name, content) => {
    const { why } = refusal(await loadWasm(file(`${name}.wasm`, content)));
    expect(why).toMatch(/\.wasm: (?!not there).+/);
  });
});
