/** Numbers of workgroups. A dimension ends at 65,535, so a longer line of groups is folded into rows. */

export type Groups = readonly [number, number, number];

/**
 * Folds `count` workgroups into x and y, as square as need be. The last row may run over: a shader reads its group as
 * `id.y * groups.x + id.x` and leaves where that is beyond the count.
 *
 * @param most workgroups per dimension that the device allows
 */
export function foldGroups(count: number, most = 65_535): Groups {
  if (count <= most) return [count, 1, 1];
  const rows = Math.ceil(count / most);
  if (rows > most) throw new RangeError(`${count} workgroups do not fit in ${most} x ${most}`);
  return [Math.ceil(count / rows), rows, 1];
}
