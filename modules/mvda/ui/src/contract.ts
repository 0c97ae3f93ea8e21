// What the module's backend answers, as far as the pages use it. Times are RFC 3339 UTC.

import type { Problem } from '@dcp/api-service';
import type { Unreadable } from '@dcp/plant';

export interface Source {
  id: string;
  name: string;
  server: string;
  database: string;
}

export interface Tag {
  web_id: string;
  name: string;
  description: string;
  unit: string;
  type: string;
  step: boolean;
}

/** Whether the values of a tag are numbers, which only can be drawn and modelled. */
export function isNumeric(tag: Tag): boolean {
  return tag.type === '' || /^(single|double|float|u?int|byte|decimal)/i.test(tag.type);
}

export interface TrendAnswer {
  start: string;
  end: string;
  series: {
    web_id: string;
    name: string;
    unit: string;
    step: boolean;
    times_ms: number[];
    values: (number | null)[];
    status: { from_ms: number; to_ms: number; state: string }[];
    samples: number;
    downsampled: boolean;
    /** When the oldest values were read; absent when all were read now. */
    read_at?: string;
    /** Whether PI could not be asked if they still hold. */
    stale?: boolean;
  }[];
  /** Tags of which there is no line, because they cannot be read. */
  unreadable: Unreadable[];
}

/** What is kept of process data on disk, and how often that was used. */
export interface KeptHistory {
  bytes: number;
  /** The share of all values, since the module was started. */
  hit_rate: number;
  values: number;
}

/** The tags of an overlay in one batch. */
export interface OverlayBatch {
  batch: string;
  /** Of the batch, or of its phase; up to now while it runs. */
  duration_s: number;
  courses: {
    web_id: string;
    name: string;
    unit: string;
    elapsed_s: number[];
    values: (number | null)[];
    status: { from_s: number; to_s: number; state: string }[];
    /** Whether PI holds more values there. */
    downsampled: boolean;
    read_at?: string;
    stale?: boolean;
  }[];
}

/** One line of the answer of an overlay. */
export type OverlayPart =
  | { begin: { batches: number; without_phase: string[]; unreadable: Unreadable[] } }
  | { batch: OverlayBatch }
  | { end: number }
  | { problem: Problem };

/** An overlay, as far as it has come. */
export interface OverlayAnswer {
  batches: readonly OverlayBatch[];
  /** How many batches there will be. */
  of: number;
  /** Batches without the phase that is asked for. */
  without: readonly string[];
  unreadable: readonly Unreadable[];
}

/** A phase of a batch, or what lies between (ISA-88). */
export interface Phase {
  /** The same in every batch of the recipe. */
  key: string;
  name: string;
  /** Counted from 1. */
  level: number;
  template: string;
  start: string;
  end: string | null;
  /** None before it begins. */
  duration_s: number | null;
}

export type Kind = 'evolution' | 'level';
export type Statistic = 't2' | 'spe';
export type ModelState = 'queued' | 'running' | 'ready' | 'failed' | 'cancelled';
export type Interpolation = { interval: string } | 'recorded';

export interface NewModel {
  name: string;
  kind: Kind;
  source: string;
  unit: { web_id: string; path: string; name: string };
  tags: { name: string; web_id: string }[];
  batches: {
    id: string;
    start: string;
    end: string | null;
    reference: boolean;
  }[];
  components: number;
  alpha: number;
  interpolation: Interpolation;
  maturity: 'percent';
}

export interface ModelSummary {
  id: string;
  name: string;
  version: number;
  kind: Kind;
  state: ModelState;
  progress: { fraction: number; message: string };
  created_at: string;
  created_by: { id: string; name: string };
  components: number;
  batches: number;
  reference_batches: number;
  r2y: number | null;
  abnormal: number | null;
  error?: { title: string; detail: string };
  archived: boolean;
}

export interface Provenance {
  pi_server: string;
  data_server: string;
  unit: { web_id: string; path: string; name: string };
  tags: { name: string; web_id: string; description: string; unit: string }[];
  time_range: { from: string; to: string };
  interpolation: Interpolation;
  script: string;
  /** Hash of the script's text. */
  script_version: string;
  script_hash: string;
  function: string;
  r_version: string;
  packages: Record<string, string>;
  environment: Record<string, unknown>;
  node: string;
  zone: string;
  result_key: string;
  computation_key: string;
  duration_ms: number;
  warnings: string[];
}

/** What was asked for: everything that determines a model. */
export interface Ask {
  source: string;
  unit: { web_id: string; path: string; name: string };
  tags: { name: string; web_id: string; description: string; unit: string }[];
  batches: {
    id: string;
    start: string;
    end: string;
    reference: boolean;
    running: boolean;
    cut_off: boolean;
  }[];
  components: number;
  alpha: number;
  interpolation: Interpolation;
}

export interface Model extends ModelSummary {
  ask: Ask;
  provenance: Provenance | null;
}

export interface Limit {
  value: number;
  alpha: number;
  formula: string;
  n?: number;
}

export interface BatchResult {
  id: string;
  reference: boolean;
  running: boolean;
  observations: number;
  duration_s: number;
  abnormal: boolean;
  /** Evolution: one list per component over the observations. Level: one number per component. */
  t: number[][] | number[];
  t2: number[] | number;
  spe: number[] | number;
  maturity?: number[];
  elapsed_s?: number[];
  predicted?: number[];
  t2_max?: number;
  spe_max?: number;
  share_outside?: number;
  first_alarm?: {
    maturity: number;
    index: number;
    statistic: Statistic;
    level?: string;
  } | null;
  dmodx?: number;
  outside?: string[];
}

export interface Result {
  kind: Kind;
  algorithm: string;
  variables: string[];
  components: number;
  alpha: number;
  limits: Record<string, Limit>;
  r2x: number[];
  r2y?: number[];
  r2y_total?: number;
  q2?: number[];
  vip?: number[];
  weights?: number[][];
  loadings: number[][];
  score_sd: number[];
  excluded: string[];
  /** Those of the excluded tags that have no usable values at all. */
  without_values?: string[];
  skipped: unknown[];
  reference_batches: number;
  abnormal: number;
  rule?: { share?: number; run?: number; alpha_action: number };
  duration_s_mean: number;
  grid: {
    maturity: number[];
    t_mean?: number[][];
    t_low?: number[][];
    t_high?: number[][];
    t_inverse?: number[][];
    t2_limit?: number[];
    spe_limit?: number[];
  };
  batches: BatchResult[];
}

export interface Contributions {
  batch: string;
  statistic: Statistic;
  value: number | null;
  limit: number | null;
  /** Percent; none for the whole batch. */
  maturity: number | null;
  observations: number;
  items: {
    variable: string;
    description: string;
    unit: string;
    contribution: number;
    value: number | null;
    expected: number | null;
    share: number;
    maturity: number | null;
  }[];
  sentence: { en: string; de: string };
}

export interface EnvelopeAnswer {
  tag: string;
  unit: string;
  elapsed_pct: number[];
  mean: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  duration_s_mean: number;
}
