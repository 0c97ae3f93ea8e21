// The requests of these pages; each names the node whose engine is meant.

import { api } from '@dcp/api-service';
import type {
  Call,
  CallDetail,
  Changes,
  Engine,
  Envelope,
  Environments,
  Lineage,
  Recomputed,
  ResultFacts,
  Script,
  ScriptRow,
  VersionDetail,
  VersionState,
} from './model';

const BASE = '/api/calc';
const part = encodeURIComponent;
const scriptPath = (name: string): string => `${BASE}/scripts/${part(name)}`;
const versionPath = (name: string, version: string): string => `${scriptPath(name)}/versions/${part(version)}`;

/** Where a version of a function is called: a version that is not effective has an address of its own. */
export function callPath(script: string, version: string, name: string, draft: boolean): string {
  return `${BASE}/${draft ? 'draft' : 'r'}/${part(script)}@${part(version)}/${part(name)}`;
}

/** What a call came back with. */
export interface Answered {
  /** Missing while the call goes on. */
  readonly envelope: Envelope | undefined;
  /** How the cache took part, RFC 9211. */
  readonly cacheStatus: string | null;
}

/** How a function is called. */
export interface CallOrder {
  readonly path: string;
  readonly id: string;
  /** One JSON object. */
  readonly body: string;
  /** Calculates although the value is known, and compares. */
  readonly again: boolean;
  /** Answers before the value is there. */
  readonly background: boolean;
}

/** The engine of one node. */
export class Server {
  constructor(readonly node: string) {}

  scripts(signal: AbortSignal): Promise<readonly ScriptRow[]> {
    return api.get(`${BASE}/scripts`, { node: this.node, signal });
  }

  script(name: string, signal: AbortSignal): Promise<Script> {
    return api.get(scriptPath(name), { node: this.node, signal });
  }

  version(name: string, version: string, signal: AbortSignal): Promise<VersionDetail> {
    return api.get(versionPath(name, version), { node: this.node, signal });
  }

  /** All R code of a version, or one file of its folder. */
  async source(name: string, version: string, file: string, signal: AbortSignal): Promise<string> {
    const query = file ? `?file=${part(file)}` : '';
    return (await api.answer(`${versionPath(name, version)}/source${query}`, { node: this.node, signal })).text();
  }

  /** The OpenAPI document of a version's functions. */
  async openapi(name: string, version: string): Promise<Blob> {
    return (await api.answer(`${versionPath(name, version)}/openapi.json`, { node: this.node })).blob();
  }

  changes(name: string, version: string, since: string, signal: AbortSignal): Promise<Changes> {
    return api.get(`${versionPath(name, version)}/changes`, { node: this.node, signal, query: { since } });
  }

  /** The folder of a version, as tar. */
  async folder(name: string, version: string): Promise<Blob> {
    return (await api.answer(`${versionPath(name, version)}/folder`, { node: this.node })).blob();
  }

  /** Publishes R source, or a folder as tar in Base64. */
  async publish(name: string, content: { readonly source: string } | { readonly tar: string }): Promise<VersionDetail> {
    const answer = await api.answer(scriptPath(name), { node: this.node, method: 'PUT', text: JSON.stringify(content) });
    return (await answer.json()) as VersionDetail;
  }

  step(name: string, version: string, state: VersionState, reason: string): Promise<unknown> {
    const body = reason === '' ? { state } : { state, reason };
    return api.post(`${versionPath(name, version)}/state`, body, { node: this.node });
  }

  async call(order: CallOrder, signal: AbortSignal): Promise<Answered> {
    const headers = {
      ...(order.again ? { 'Cache-Control': 'no-cache' } : {}),
      ...(order.background ? { Prefer: 'respond-async' } : {}),
    };
    const path = `${order.path}?call=${order.id}`;
    const answer = await api.answer(path, { node: this.node, method: 'POST', text: order.body, headers, signal });
    const envelope = answer.status === 202 ? undefined : ((await answer.json()) as Envelope);
    return { envelope, cacheStatus: answer.headers.get('Cache-Status') };
  }

  calls(query: { state?: string; mine?: boolean; limit: number }, signal: AbortSignal): Promise<readonly Call[]> {
    return api.get(`${BASE}/calls`, { node: this.node, signal, query });
  }

  oneCall(id: string, signal: AbortSignal): Promise<CallDetail> {
    return api.get(`${BASE}/calls/${part(id)}`, { node: this.node, signal });
  }

  cancel(id: string): Promise<void> {
    return api.delete(`${BASE}/calls/${part(id)}`, { node: this.node });
  }

  lineage(key: string, signal: AbortSignal): Promise<Lineage> {
    return api.get(`${BASE}/results/${part(key)}/lineage`, { node: this.node, signal });
  }

  resultFacts(key: string, signal: AbortSignal): Promise<ResultFacts> {
    return api.get(`${BASE}/results/${part(key)}/facts`, { node: this.node, signal });
  }

  /** Keeps a result for good. */
  retain(key: string, reason: string): Promise<ResultFacts> {
    return api.post(`${BASE}/results/${part(key)}/retain`, { reason }, { node: this.node });
  }

  /** Calculates a result again as its record says, and compares. */
  recompute(key: string): Promise<Recomputed> {
    return api.post(`${BASE}/results/${part(key)}/recomputation`, {}, { node: this.node });
  }

  async artifact(key: string, signal: AbortSignal): Promise<Blob> {
    return (await api.answer(`${BASE}/artifacts/${part(key)}`, { node: this.node, signal })).blob();
  }

  /** A plot as PNG. */
  async picture(key: string): Promise<Blob> {
    return (await api.answer(`${BASE}/artifacts/${part(key)}`, { node: this.node, headers: { Accept: 'image/png' } })).blob();
  }

  engines(signal: AbortSignal): Promise<readonly Engine[]> {
    return api.get(`${BASE}/engines`, { node: this.node, signal });
  }

  environments(signal: AbortSignal): Promise<Environments> {
    return api.get(`${BASE}/environments`, { node: this.node, signal });
  }

  /** Registers the environment of the engine as found good. */
  register(reason: string): Promise<Environments> {
    return api.post(`${BASE}/environments`, { reason }, { node: this.node });
  }
}
