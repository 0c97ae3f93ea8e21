import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject } from '@angular/core';
import { formatAgo, formatTime, localized, problemLine, query } from '@dcp/api-service';
import { CellTemplate, DataTable, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { t } from '../texts';
import { DecisionsPanel } from './decisions-panel';
import { GroupPanel } from './group-panel';
import { server, type Group, type Post } from './model';
import { QueuesPanel } from './queues-panel';

/** Messages move without an event that would tell. */
const REFRESH_MS = 5000;

/** A group with the module that has it. */
interface Row {
  readonly post: Post;
  readonly group: Group;
}

/** What is on its way between the modules, and what did not arrive. */
@Component({
  selector: 'adm-messages',
  imports: [CellTemplate, DataTable, DecisionsPanel, GroupPanel, QueuesPanel, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './messages-page.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    .unreached {
      margin: 0;
      padding: var(--dcp-space-2) var(--dcp-space-3);
      background: var(--dcp-warning-surface);
      color: var(--dcp-warning);
    }
  `,
})
export class MessagesPage {
  protected readonly t = t;
  protected readonly line = problemLine;
  protected readonly title = localized;
  protected readonly place = injectQueryState({ group: query.text(), letter: query.text() });
  protected readonly posts = loadable({ load: (_, signal) => server.posts(signal) });
  protected readonly reached = computed(() => (this.posts.value() ?? []).filter(({ problem }) => problem === undefined));
  protected readonly unreached = computed(() => (this.posts.value() ?? []).filter(({ problem }) => problem !== undefined));
  protected readonly rows = computed<readonly Row[]>(() => this.reached().flatMap((post) => post.groups.map((group) => ({ post, group }))));
  protected readonly key = ({ post, group }: Row): string =>
    [`${post.module}@${post.node}`, group.queue, group.type, group.reason.slice(0, 80)].join(' ');
  protected readonly selected = computed(() => new Set([this.place.state().group].filter(Boolean)));
  protected readonly chosen = computed(() => this.rows().find((row) => this.key(row) === this.place.state().group));

  protected readonly columns = computed<readonly Column<Row>[]>(() => {
    shared.language();
    return [
      { id: 'module', header: () => t('module'), value: ({ post }) => localized(post.title), width: 'minmax(144px, 1fr)' },
      { id: 'node', header: () => t('node'), value: ({ post }) => post.node, mono: true, width: '112px' },
      { id: 'queue', header: () => t('queue'), value: ({ group }) => group.queue, mono: true, width: 'minmax(200px, 2fr)' },
      { id: 'reason', header: () => t('cause'), value: ({ group }) => group.reason, width: 'minmax(200px, 3fr)' },
      { id: 'count', header: () => t('count'), value: ({ group }) => group.count, numeric: true, width: '80px' },
      {
        id: 'oldest',
        header: () => t('oldest'),
        value: ({ group }) => group.oldest,
        text: ({ group }) => formatAgo(group.oldest),
        width: '136px',
      },
      {
        id: 'ordered',
        header: () => t('consequence'),
        value: ({ group }) => (group.ordered ? t('holdsUp') : ''),
        width: '152px',
      },
    ];
  });

  constructor() {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') this.posts.reload();
    }, REFRESH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected time(at: string): string {
    return formatTime(at, { seconds: true });
  }

  protected ago(at: string): string {
    return formatAgo(at);
  }

  protected open(keys: ReadonlySet<string>): void {
    this.place.set({ group: [...keys][0] ?? '', letter: '' }, { replace: true });
  }
}
