/** How contestants are named, and chosen by a part of their names. */

/** `rust:native f32 x2`, as `plan` and `decide` name it. */
export function contenderName(text: string, precision: string, threads: number | undefined): string {
  return `${text} ${precision}${threads === undefined ? "" : ` x${threads}`}`;
}

/** True where a name holds one of the comma-separated parts of `only`, or where there is no such choice. */
export function fits(name: string, only: string | undefined): boolean {
  return only === undefined || only.split(",").some((part) => part !== "" && name.includes(part.trim()));
}
