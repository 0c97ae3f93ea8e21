// Where a chart has been: every zoom can be undone one by one, or all at once.

export interface Range {
  from: number;
  to: number;
}

export class ZoomHistory {
  /** Where it was before; nothing stands for the full range, which grows while data come. */
  private readonly past: (Range | undefined)[] = [];

  constructor(
    private full: Range,
    private shown: Range = full,
  ) {}

  get range(): Range {
    return this.shown;
  }

  get zoomed(): boolean {
    return this.shown.from !== this.full.from || this.shown.to !== this.full.to;
  }

  /** Lanes that share a crosshair report the same selection one after the other: it counts once. */
  go(range: Range): Range {
    if (this.isShown(range)) return this.shown;
    this.past.push(this.zoomed ? this.shown : undefined);
    this.shown = range;
    return range;
  }

  /** A wheel turn is one of many: it replaces the last step instead of filling the history. */
  slide(range: Range): Range {
    this.shown = range;
    return range;
  }

  undo(): Range {
    this.shown = this.past.pop() ?? this.full;
    return this.shown;
  }

  reset(): Range {
    if (this.zoomed) this.past.push(this.shown);
    this.shown = this.full;
    return this.shown;
  }

  /** Goes where the page says, such as after the browser's back button; without a range to the full one. */
  follow(range: Range | undefined): void {
    const wanted = range ?? this.full;
    if (!this.isShown(wanted)) this.go(wanted);
  }

  private isShown(range: Range): boolean {
    // half a pixel of a wide screen
    const close = (this.shown.to - this.shown.from) / 4000;
    return Math.abs(range.from - this.shown.from) <= close && Math.abs(range.to - this.shown.to) <= close;
  }

  /** New data with another extent: a reader who has zoomed stays where he is. */
  extend(full: Range): Range {
    const follow = !this.zoomed;
    this.full = full;
    if (follow) this.shown = full;
    return this.shown;
  }
}

/** The range after turning the wheel at a point; never beyond `bounds` when they are given. */
export function scaled(range: Range, at: number, factor: number, bounds?: Range): Range {
  const next = { from: at - (at - range.from) * factor, to: at + (range.to - at) * factor };
  if (!bounds) return next;
  return { from: Math.max(bounds.from, next.from), to: Math.min(bounds.to, next.to) };
}

/** The range moved by a share of its length. */
export function shifted(range: Range, share: number): Range {
  const by = (range.to - range.from) * share;
  return { from: range.from + by, to: range.to + by };
}
