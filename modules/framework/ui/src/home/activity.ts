import { DestroyRef, inject, signal, type Signal } from '@angular/core';
import { api, eventStream, type Localized } from '@dcp/api-service';
import { loadable, signalOf, type Loadable } from '@dcp/kit';

/** Something that happened on the platform. */
export interface Activity {
  readonly id: string;
  readonly at: string;
  readonly site: string | null;
  readonly actor: { readonly id: string; readonly name: string };
  readonly kind: string;
  readonly module: string;
  readonly title: Localized;
  readonly subject: {
    readonly type: string;
    readonly id: string;
    readonly name: string;
  };
  readonly link: string | null;
  /** The other zone, if it happened there. */
  readonly brought_from: 'gxp' | 'nongxp' | null;
}

interface Page {
  readonly items: readonly Activity[];
  readonly next: string | null;
}

/** The activity of a site, newest first, growing at the top by itself and at the bottom on demand. */
export interface ActivityFeed {
  readonly page: Loadable<Page>;
  readonly live: Signal<'connecting' | 'open' | 'waiting'>;
  /** What arrived since the page was opened. */
  readonly fresh: Signal<ReadonlySet<string>>;
  readonly loadingOlder: Signal<boolean>;
  older(): Promise<void>;
}

const PATH = '/api/framework/activity';
const PAGE = 30;

/** Follows the activity of a site for the life of the component that asks for it. */
export function activityFeed(site: () => string): ActivityFeed {
  const fresh = signal<ReadonlySet<string>>(new Set());
  const loadingOlder = signal(false);
  const page = loadable({
    on: site,
    load: (id, abort) => api.get<Page>(PATH, { query: { site: id, limit: PAGE }, signal: abort }),
  });
  const add = (item: Activity): void => {
    const now = page.value() ?? { items: [], next: null };
    if (now.items.some(({ id }) => id === item.id)) return;
    page.set({ ...now, items: [item, ...now.items] });
    fresh.update((ids) => new Set([...ids, item.id]));
  };
  const url = `${PATH}/stream?site=${encodeURIComponent(site())}`;
  // after an interruption the newest page is read again, because events in between are lost to this page
  const stream = eventStream<{ activity: Activity }>(url, { activity: add }, (again) => again && page.reload());
  inject(DestroyRef).onDestroy(() => stream.close());
  return {
    page,
    live: signalOf(stream.state),
    fresh: fresh.asReadonly(),
    loadingOlder: loadingOlder.asReadonly(),
    async older() {
      const now = page.value();
      if (!now?.next || loadingOlder()) return;
      loadingOlder.set(true);
      try {
        const more = await api.get<Page>(PATH, {
          query: { site: site(), before: now.next, limit: PAGE },
        });
        const latest = page.value() ?? now;
        const known = new Set(latest.items.map(({ id }) => id));
        page.set({
          items: [...latest.items, ...more.items.filter(({ id }) => !known.has(id))],
          next: more.next,
        });
      } finally {
        loadingOlder.set(false);
      }
    },
  };
}
