import jsep from "jsep";

/** Deepest nesting of brackets, calls, signs and choices, and deepest tree. */
export const formulaDepthCap = 200;

/** A node of jsep's tree; `grouped` where brackets stood around it. */
export type Node = jsep.CoreExpression & { readonly grouped?: boolean };

/** What we override of jsep's parser; its published types describe the methods only as seen by a plugin. */
interface Parser {
  index: number;
  readonly expr: string;
  readonly char: string;
  parse(): Node;
  gobbleSpaces(): void;
  gobbleExpressions(until?: number): Node[];
  gobbleExpression(): Node | undefined;
  gobbleBinaryOp(): string | false;
  gobbleToken(): Node | undefined;
  gobbleGroup(): Node | undefined;
  gobbleArguments(until: number): Node[];
  throwError(message: string): never;
}
const { Jsep } = jsep as unknown as { readonly Jsep: new (text: string) => Parser };

/** Thrown instead of a stack overflow. */
export class TooDeep extends Error {}

/**
 * jsep with `^` as a second name of `**`, one expression where jsep takes lists, brackets remembered (jsep binds a sign
 * tighter than a power, so -x^2 and (-x)^2 would look alike) and nesting counted while parsing. A subclass, because
 * jsep's own settings are global to the process and may belong to somebody else.
 */
class FormulaParser extends Jsep {
  #expressions = 0;
  #tokens = 0;

  override gobbleExpressions(): Node[] {
    const node = this.gobbleExpression();
    if (!node)
      this.throwError(this.char === "" ? "Expected an expression, found the end" : `Unexpected "${this.char}"`);
    return [node];
  }

  override gobbleExpression(): Node | undefined {
    if (++this.#expressions > formulaDepthCap) throw new TooDeep();
    const node = super.gobbleExpression();
    this.#expressions--;
    return node;
  }

  override gobbleToken(): Node | undefined {
    if (++this.#tokens > formulaDepthCap) throw new TooDeep();
    const node = super.gobbleToken();
    this.#tokens--;
    return node;
  }

  override gobbleBinaryOp(): string | false {
    this.gobbleSpaces();
    if (this.char !== "^") return super.gobbleBinaryOp();
    this.index++;
    return "**";
  }

  override gobbleGroup(): Node | undefined {
    const node = super.gobbleGroup();
    return node && { ...node, grouped: true };
  }

  override gobbleArguments(): Node[] {
    const args: Node[] = [];
    this.gobbleSpaces();
    if (this.char === ")") {
      this.index++;
      return args;
    }
    for (;;) {
      args.push(...this.gobbleExpressions());
      this.gobbleSpaces();
      const end = this.char;
      if (end !== "," && end !== ")")
        this.throwError(`Expected "," or ")", found ${end === "" ? "the end" : `"${end}"`}`);
      this.index++;
      if (end === ")") return args;
    }
  }
}

/** jsep's tree of a formula, or where and why there is none. */
export type Parsed = { readonly tree: Node } | { readonly why: string; readonly at: number };

/**
 * Parses the text of a formula, not yet asking what its names mean.
 *
 * @throws TooDeep where it is nested deeper than `formulaDepthCap`.
 */
export function parseText(text: string): Parsed {
  const parser = new FormulaParser(text);
  try {
    const tree = parser.parse();
    if (parser.index < text.length) parser.throwError(`Unexpected "${parser.char}"`);
    return { tree };
  } catch (error) {
    const { description } = error as { readonly description?: string };
    if (description === undefined) throw error;
    return { why: description, at: parser.index };
  }
}
