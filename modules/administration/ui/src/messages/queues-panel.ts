import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { formatAgo, localized } from '@dcp/api-service';
import { CellTemplate, DataTable, shared, StatePanel, type Column, type Loadable } from '@dcp/kit';
import { t } from '../texts';
import type { Post, QueueState } from './model';

/** A queue, or the outbox of a module. */
interface Row {
  readonly post: Post;
  readonly queue: QueueState | undefined;
}

/** How much waits in each queue and in each outbox. */
@Component({
  selector: 'adm-queues',
  imports: [CellTemplate, DataTable, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="queues-title">
      <header>
        <h2 id="queues-title">{{ t('queues') }}</h2>
        <span class="dcp-quiet dcp-small">{{ t('queuesHint') }}</span>
      </header>
      <dcp-state [of]="posts()" [empty]="rows().length === 0" [emptyTitle]="t('noModules')" [emptyText]="t('noModulesText')">
        <dcp-table file="queues" maxHeight="50vh" [label]="t('queues')" [rows]="rows()" [columns]="columns()" [key]="key">
          <ng-template dcpCell="state" [dcpCellOf]="rows()" let-row>
            <span class="dcp-badge {{ badge(row) }}">{{ state(row) }}</span>
          </ng-template>
        </dcp-table>
      </dcp-state>
    </section>
  `,
})
export class QueuesPanel {
  readonly posts = input.required<Loadable<readonly Post[]>>();
  readonly reached = input.required<readonly Post[]>();
  protected readonly t = t;
  protected readonly key = ({ post, queue }: Row): string => `${post.module}@${post.node} ${queue?.queue ?? ''}`;
  protected readonly rows = computed<readonly Row[]>(() =>
    this.reached().flatMap((post) => [{ post, queue: undefined }, ...(post.overview?.queues ?? []).map((queue): Row => ({ post, queue }))]),
  );
  protected readonly columns = computed<readonly Column<Row>[]>(() => {
    shared.language();
    const number = (id: string, header: () => string, of: (row: Row) => number | null | undefined): Column<Row> => ({
      id,
      header,
      value: of,
      numeric: true,
      width: '80px',
    });
    return [
      { id: 'module', header: () => t('module'), value: ({ post }) => localized(post.title), width: 'minmax(128px, 1fr)' },
      { id: 'node', header: () => t('node'), value: ({ post }) => post.node, mono: true, width: '104px' },
      { id: 'queue', header: () => t('queue'), value: ({ queue }) => queue?.queue ?? t('outbox'), width: 'minmax(240px, 3fr)' },
      number(
        'waiting',
        () => t('waiting'),
        ({ post, queue }) => (queue ? queue.depth : post.overview?.outbox.waiting),
      ),
      number(
        'parked',
        () => t('parked'),
        ({ queue }) => queue?.parked,
      ),
      number(
        'retrying',
        () => t('retrying'),
        ({ queue }) => queue?.retrying,
      ),
      number(
        'kept',
        () => t('kept'),
        ({ post, queue }) => (queue ? undefined : post.overview?.outbox.kept),
      ),
      number(
        'dead',
        () => t('dead'),
        ({ queue }) => queue?.dead_letters,
      ),
      {
        id: 'oldest',
        header: () => t('oldest'),
        value: (row) => this.oldest(row),
        text: (row) => {
          const oldest = this.oldest(row);
          return oldest === undefined ? '–' : formatAgo(oldest);
        },
        width: '112px',
      },
      { id: 'state', header: () => t('status'), value: (row) => this.state(row), width: '128px' },
    ];
  });

  private oldest({ post, queue }: Row): string | undefined {
    return queue ? undefined : (post.overview?.outbox.oldest ?? undefined);
  }

  protected state({ post, queue }: Row): string {
    if (queue?.braked) return t('braked');
    if (queue && queue.type === null) return t('unread');
    return post.overview?.bus_answers ? t('flows') : t('busAway');
  }

  protected badge({ post, queue }: Row): string {
    const well = post.overview?.bus_answers === true && !queue?.braked && queue?.type !== null;
    return well ? 'dcp-badge--good' : 'dcp-badge--warning';
  }
}
