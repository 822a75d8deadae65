/** Which tiers this run had: what was promised must be here, what is absent is skipped by name and never in silence. */
import { describe, expect, test } from "vitest";
import { absentTiers, kernelTiers, promisedTiers } from "../support/kernelTiers.ts";

describe("the tiers of this run", () => {
  test.each(promisedTiers)("%s is here, since this run was promised it", (name) => {
    const why = absentTiers.find((tier) => tier.name === name)?.why ?? "no tier or variant has that name";
    const found = kernelTiers.some((tier) => tier.name === name);
    expect(found ? "here" : why).toBe("here");
  });

  for (const { name, why } of absentTiers.filter((tier) => !promisedTiers.includes(tier.name))) {
    test(`${name} is absent and was not promised`, ({ skip }) => skip(why));
  }

  test.each(kernelTiers)("$name $precision computes: its tally moves, its answer is right", async (tier) => {
    await using kernels = await tier.open();
    const out = tier.array(3).fill(Number.NaN);
    await kernels.smoothness(tier.array([1, 2, 4, 7, 11]), out);
    // S = 13/12 (second difference)^2 + (one-sided or central slope)^2 / 4, by hand.
    const wanted = [13 / 12 + 2.5 ** 2, 13 / 12 + 2.5 ** 2, 13 / 12 + 2.5 ** 2];
    for (let k = 0; k < 3; k++) expect(Math.abs(out[k]! - wanted[k]!)).toBeLessThan(1e-5);
    expect(kernels.tally.launches).toBe(1);
  });
});
