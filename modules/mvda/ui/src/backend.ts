// The calls to the module's backend, one function per endpoint.

import { api } from '@dcp/api-service';
import type { Batch, Element, SourceWarning, Unreadable } from '@dcp/plant';
import type {
  Contributions,
  EnvelopeAnswer,
  KeptHistory,
  Model,
  ModelSummary,
  NewModel,
  OverlayAnswer,
  Phase,
  Result,
  Source,
  Statistic,
  Tag,
  TrendAnswer,
} from './contract';
import { readOverlay, type OverlayRequest } from './overlay-data';

const ROOT = '/api/mvda';
const part = encodeURIComponent;
const elementPath = (source: string, element: string): string => `${ROOT}/sources/${part(source)}/elements/${part(element)}`;

export const backend = {
  sources: (signal: AbortSignal) => api.get<Source[]>(`${ROOT}/sources`, { signal }),
  /** What the platform knows of the sources of a site; the module `framework` asks them once a minute. */
  health: (site: string, signal: AbortSignal) =>
    api.get<{ id: string; health: { warnings: SourceWarning[] } }[]>('/api/framework/data-sources/health', { query: { site }, signal }),
  elements: (source: string, parent: string | undefined, signal?: AbortSignal) =>
    api.get<Element[]>(`${ROOT}/sources/${part(source)}/elements`, {
      query: { parent },
      ...(signal ? { signal } : {}),
    }),
  tags: (source: string, unit: string, signal: AbortSignal) => api.get<Tag[]>(`${elementPath(source, unit)}/tags`, { signal }),
  batches: (source: string, unit: string, signal: AbortSignal) =>
    api.get<{ items: Batch[]; truncated: boolean; unreadable: Unreadable[] }>(`${elementPath(source, unit)}/batches`, { signal }),
  trend: (
    source: string,
    tags: readonly string[],
    range: { start: string; end: string },
    points: number,
    reload: boolean,
    signal: AbortSignal,
  ) =>
    api.get<TrendAnswer>(`${ROOT}/sources/${part(source)}/trend`, {
      query: { tag: tags, ...range, points, ...(reload ? { reload: 'true' } : {}) },
      signal,
    }),
  phases: (source: string, batch: string, signal: AbortSignal) =>
    api.get<Phase[]>(`${ROOT}/sources/${part(source)}/batches/${part(batch)}/phases`, { signal }),
  overlay: (source: string, request: OverlayRequest, signal: AbortSignal, meanwhile?: (soFar: OverlayAnswer) => void) =>
    readOverlay(`${ROOT}/sources/${part(source)}/overlay`, request, signal, meanwhile),
  kept: (signal: AbortSignal) => api.get<KeptHistory | null>(`${ROOT}/kept`, { signal }),
  models: (unit: string, signal: AbortSignal) => api.get<ModelSummary[]>(`${ROOT}/models`, { query: { unit }, signal }),
  model: (id: string, signal: AbortSignal) => api.get<Model>(`${ROOT}/models/${part(id)}`, { signal }),
  result: (id: string, signal: AbortSignal) => api.get<Result>(`${ROOT}/models/${part(id)}/result`, { signal }),
  contributions: (id: string, query: { batch: string; statistic: Statistic; at?: number | undefined }, signal: AbortSignal) =>
    api.get<Contributions>(`${ROOT}/models/${part(id)}/contributions`, {
      query,
      signal,
    }),
  envelope: (id: string, tag: string, signal: AbortSignal) =>
    api.get<EnvelopeAnswer>(`${ROOT}/models/${part(id)}/envelope`, {
      query: { tag },
      signal,
    }),
  create: (model: NewModel) => api.post<{ id: string; version: number }>(`${ROOT}/models`, model),
  act: (id: string, action: 'cancel' | 'archive' | 'restore') => api.post<unknown>(`${ROOT}/models/${part(id)}/${action}`),
  streamUrl: (site: string) => `${ROOT}/models/stream?site=${part(site)}`,
};
