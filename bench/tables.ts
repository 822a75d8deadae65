/**
 * Makes bench/README.md from bench/results/*.json: documents of `mfgpu bench --json` and of `npm run bench:peers -- --json`.
 * Nothing in it is typed by hand.
 *
 *   npm run -s bench:tables
 */
import { writeFileSync } from "node:fs";
import { resultsPage } from "./support/resultsPage.ts";

writeFileSync(new URL("README.md", import.meta.url), resultsPage());
