import { Command } from "commander";
import { catalogueNames, loadCatalogueProblem } from "../problem/catalogue.ts";
import { printJson, printLine } from "./print.ts";

/** `mfgpu examples`: the catalogue, or one problem's file. */
export function examplesCommand(): Command {
  return new Command("examples")
    .description("list the catalogue, or print one of its problem files")
    .argument("[name]", "print this problem's file, to start one's own from")
    .option("--json", "print the list as one JSON document")
    .action((name: string | undefined, flags: { readonly json?: true }) => {
      if (name !== undefined) {
        printJson(loadCatalogueProblem(name).source);
        return;
      }
      const list = catalogueNames().map((known) => {
        const { dimension, description } = loadCatalogueProblem(known);
        return { name: known, dimension, description: description ?? "" };
      });
      if (flags.json) {
        printJson(list);
        return;
      }
      const width = Math.max(...list.map((entry) => entry.name.length));
      for (const { name: known, description } of list) printLine(`${known.padEnd(width)}  ${description}`);
    });
}
