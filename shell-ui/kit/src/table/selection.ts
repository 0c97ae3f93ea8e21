/** How a row joins the selection. */
export type Gesture = 'only' | 'toggle' | 'range' | 'range-more';

/** The keys selected after a gesture on the row at `to`; ranges start at `anchor`. */
export function select(
  keys: readonly string[],
  selected: ReadonlySet<string>,
  to: number,
  anchor: number,
  gesture: Gesture,
): ReadonlySet<string> {
  const key = keys[to];
  if (key === undefined) return selected;
  if (gesture === 'only') return new Set([key]);
  if (gesture === 'toggle') {
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    return next;
  }
  const range = keys.slice(Math.min(anchor, to), Math.max(anchor, to) + 1);
  return new Set(gesture === 'range-more' ? [...selected, ...range] : range);
}

/** Where a key of the keyboard moves the active row, or nothing when it does not. */
export function moved(key: string, from: number, count: number, page: number): number | undefined {
  const last = count - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, from + 1);
    case 'ArrowUp':
      return Math.max(0, from - 1);
    case 'PageDown':
      return Math.min(last, from + page);
    case 'PageUp':
      return Math.max(0, from - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}
