import { describe, expect, test } from "vitest";
import { mfgpu } from "./mfgpu.ts";

interface Entry {
  readonly name: string;
  readonly dimension: number;
  readonly description: string;
}

const promised =
  "two-crowds-1d torus-exact-1d torus-exact-2d torus-exact-3d lq-1d lq-2d log-gaussian-1d r1 r3 layers-1d " +
  "crowd-corridor-2d beach-1d";

describe("mfgpu examples", () => {
  test("--json lists the catalogue, described", async () => {
    const { code, stdout } = await mfgpu(["examples", "--json"]);
    expect(code).toBe(0);
    const list = JSON.parse(stdout) as readonly Entry[];
    expect(list.map((entry) => entry.name)).toEqual(expect.arrayContaining(promised.split(" ")));
    expect(list.filter((entry) => entry.description.length < 10)).toEqual([]);
    const named = list.filter(({ name }) => /-\dd$/.test(name));
    expect(named.filter(({ name, dimension }) => !name.endsWith(`-${dimension}d`))).toEqual([]);
  });
  test("one line a problem", async () => {
    const { stdout } = await mfgpu(["examples"]);
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(names).toEqual(expect.arrayContaining(promised.split(" ")));
  });
  test("NAME prints a file that solve takes", async () => {
    const { code, stdout } = await mfgpu(["examples", "two-crowds-1d"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ name: "two-crowds-1d", coupling: { kind: "power", exponent: 2 } });
  });
});
