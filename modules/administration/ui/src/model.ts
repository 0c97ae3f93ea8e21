import { api, type Localized, type Zone } from '@dcp/api-service';

/** A role held at a site; `*` is every site. */
export interface Grant {
  readonly role: string;
  readonly site: string;
}

export interface UserAccount {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly created_at: string;
  readonly grants: readonly Grant[];
}

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

const BUILT_IN: readonly string[] = ['analyst', 'scientist', 'administrator', 'operator'];

/** Whether a role is part of the program, which never changes it; roles that people make have ids of another kind. */
export function isBuiltIn(role: Role): boolean {
  return BUILT_IN.includes(role.id);
}

/** A permission as its module explains it. */
export interface PermissionInfo {
  readonly module: string;
  readonly permission: string;
  readonly title: Localized;
}

export type InstanceState = 'starting' | 'ready' | 'stopping' | 'stopped' | 'failed';

/** One process of a module. */
export interface Instance {
  readonly id: number;
  readonly port: number | null;
  readonly pid: number | null;
  readonly state: InstanceState;
  readonly since: string;
  readonly restarts: number;
  readonly memory_bytes: number | null;
}

/** A module on a node, as an operator sees it. */
export interface ModuleStatus {
  readonly module: string;
  readonly node: string;
  readonly zone: Zone;
  readonly version: string;
  readonly title: Localized;
  readonly state?: InstanceState;
  readonly health: 'ready' | 'degraded' | 'down';
  readonly instances: readonly Instance[];
}

/** Where a setting comes from. */
export type SettingSource =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly file: string; readonly line: number | null }
  | { readonly from: 'variable'; readonly name: string };

/** A setting that is in force; secrets only as their path. */
export interface Setting {
  readonly key: string;
  readonly value: string | null;
  readonly source: SettingSource;
}

/** What a node and its modules work with. */
export interface SettingsInForce {
  readonly node: string;
  /** Missing where the node does not tell. */
  readonly zone: Zone | null;
  readonly file: string;
  readonly settings: readonly Setting[];
  readonly modules: readonly { readonly module: string; readonly settings: readonly Setting[]; readonly problem: string | null }[];
  /** Why the node does not tell what it works with. */
  readonly problem: string | null;
}

export const READ = 'administration.read';
export const MANAGE = 'administration.manage';
export const OPERATE = 'node.operate';
export const READ_NODE = 'node.read';

const BASE = '/api/administration';
type Signal = AbortSignal;

/** The requests of these pages. */
export const server = {
  users: (signal: Signal) => api.get<readonly UserAccount[]>(`${BASE}/users`, { signal }),
  roles: (signal: Signal) => api.get<readonly Role[]>(`${BASE}/roles`, { signal }),
  permissions: (signal: Signal) => api.get<readonly PermissionInfo[]>(`${BASE}/permissions`, { signal }),
  createUser: (user: Pick<UserAccount, 'login' | 'name' | 'email' | 'grants'>) => api.post<UserAccount>(`${BASE}/users`, user),
  changeUser: (id: string, user: Pick<UserAccount, 'name' | 'email' | 'active'>) =>
    api.put<UserAccount>(`${BASE}/users/${encodeURIComponent(id)}`, user),
  setGrants: (id: string, grants: readonly Grant[]) => api.put<UserAccount>(`${BASE}/users/${encodeURIComponent(id)}/grants`, grants),
  activation: (id: string) => api.post<{ code: string; expires_at: string }>(`/api/login/accounts/${encodeURIComponent(id)}/activation`),
  createRole: (role: Omit<Role, 'id'>) => api.post<Role>(`${BASE}/roles`, role),
  changeRole: ({ id, ...role }: Role) => api.put<Role>(`${BASE}/roles/${encodeURIComponent(id)}`, role),
  modules: (signal: Signal) => api.get<readonly ModuleStatus[]>('/api/node/modules', { signal }),
  settings: (signal: Signal) => api.get<readonly SettingsInForce[]>('/api/node/settings', { signal }),
  order: (node: string, module: string, what: 'start' | 'stop' | 'restart') =>
    api.post<unknown>(`/api/node/${encodeURIComponent(node)}/modules/${encodeURIComponent(module)}/${what}`),
};
