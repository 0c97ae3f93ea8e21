/** A source of process data as a list shows it. */
export interface AssetSource {
  readonly id: string;
  readonly name: string;
  /** The asset database. */
  readonly database: string;
}

/** An element of the asset tree. */
export interface Element {
  readonly web_id: string;
  readonly name: string;
  readonly path: string;
  readonly template: string;
  readonly has_children: boolean;
  readonly description: string;
}

/** A batch of a unit; without an end it runs. */
export interface Batch {
  readonly web_id: string;
  readonly id: string;
  readonly name: string;
  readonly start: string;
  readonly end: string | null;
  /** Up to now while it runs. */
  readonly duration_s: number;
  readonly status: 'complete' | 'running';
}

/** Something that could not be read although the rest could, and why. */
export interface Unreadable {
  readonly id: string;
  readonly detail: string;
}
