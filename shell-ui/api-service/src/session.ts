import { address } from './address';
import { api, onSessionEnd } from './http';
import { ProblemError } from './problem';
import { Store, type Readable } from './store';

/** Who is signed in. */
export interface User {
  readonly id: string;
  readonly login: string;
  readonly name: string;
}

/** The server's session, as far as a page may know it. */
export interface Session {
  readonly user: User;
  /** Permissions by site; `*` holds at every site. */
  readonly grants: Readonly<Record<string, readonly string[]>>;
  readonly expires_at: string;
  readonly must_change_password: boolean;
}

const PATH = '/api/login/session';
const current = new Store<Session | null | undefined>(undefined);

/** The session: `undefined` until asked, `null` when nobody is signed in. */
export const session: Readable<Session | null | undefined> = current;

onSessionEnd(() => current.set(null));

let asking: Promise<Session | null> | undefined;

/** Asks the server who is signed in; concurrent callers share one request. */
export function loadSession(): Promise<Session | null> {
  asking ??= api
    .get<Session>(PATH, { anonymous: true })
    .catch((error: unknown) => {
      if (error instanceof ProblemError && error.status === 401) return null;
      throw error;
    })
    .then((found) => {
      current.set(found);
      return found;
    })
    .finally(() => (asking = undefined));
  return asking;
}

/** Signs in; a wrong password is a `ProblemError` with status 401, too many tries one with 429. */
export async function signIn(login: string, password: string): Promise<Session> {
  const found = await api.post<Session>(PATH, { login, password }, { anonymous: true });
  current.set(found);
  return found;
}

/** Ends the session on the server and in this page. */
export async function signOut(): Promise<void> {
  await api.delete(PATH, { anonymous: true }).catch((error: unknown) => {
    if (!(error instanceof ProblemError && error.status === 401)) throw error;
  });
  current.set(null);
}

/** Whether the user holds a permission at a site, the one in the address unless told. */
export function may(permission: string, site = address.value.site): boolean {
  const grants = current.value?.grants;
  if (!grants) return false;
  const everywhere = grants['*'] ?? [];
  const here = site === undefined ? [] : (grants[site] ?? []);
  return everywhere.includes(permission) || here.includes(permission);
}
