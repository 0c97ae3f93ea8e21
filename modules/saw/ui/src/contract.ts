// What the module's backend takes and answers.

import type { Localized } from '@dcp/api-service';

export interface Ask {
  title: string;
  values: number[];
  lsl: number | null;
  usl: number | null;
  allow_unstable: boolean;
}

export interface Listed {
  id: string;
  title: string;
  state: 'queued' | 'ready' | 'failed';
  created_at: string;
  created_by: { id: string; name: string };
  error?: { title: string; detail: string };
  label: Localized;
}

export interface Signal {
  rule: number;
  /** The value at which the rule is complete, from 0. */
  index: number;
  points: number[];
  side: 'above' | 'below' | 'both';
}

export interface Index {
  value: number;
  low: number;
  high: number;
}

export interface Capability {
  stated: boolean;
  reason?: string;
  overridden?: boolean;
  confidence?: number;
  cp?: Index | null;
  cpk?: Index | null;
  pp?: Index | null;
  ppk?: Index | null;
  cpm?: number | null;
  outside_specification?: number;
  freedom_within?: number;
  freedom_overall?: number;
}

export interface Result {
  n: number;
  values: number[];
  sigma_within: number;
  sigma_overall: number;
  sigma_estimator: string;
  individuals: {
    centre: number;
    lower: number;
    upper: number;
    signals: Signal[];
  };
  moving_range: {
    values: number[];
    centre: number;
    lower: number;
    upper: number;
    signals: Signal[];
  };
  stable: boolean;
  capability: Capability | null;
}

export interface Chart extends Listed {
  ask: Ask;
  result: Result | null;
  provenance: {
    node: string;
    zone: string;
    script: string;
    /** Hash of the script's text. */
    script_version: string;
    environment: { r?: string };
  } | null;
}
