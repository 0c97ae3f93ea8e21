import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { formatTime, localized } from '@dcp/api-service';
import { CellTemplate, DataTable, shared, StatePanel, type Column, type Loadable } from '@dcp/kit';
import { t } from '../texts';
import type { Decision, Post } from './model';

interface Row {
  readonly post: Post;
  readonly decision: Decision;
}

/** Who decided what about dead letters, and why. */
@Component({
  selector: 'adm-decisions',
  imports: [CellTemplate, DataTable, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="decisions-title">
      <header>
        <h2 id="decisions-title">{{ t('decisions') }}</h2>
      </header>
      <dcp-state [of]="posts()" [empty]="rows().length === 0" [emptyTitle]="t('noDecisions')" [emptyText]="t('noDecisionsText')">
        <dcp-table file="decisions" maxHeight="40vh" [label]="t('decisions')" [rows]="rows()" [columns]="columns()" [key]="key">
          <ng-template dcpCell="why" [dcpCellOf]="rows()" let-row>
            <span class="dcp-clip" translate="no" [title]="row.decision.why">{{ row.decision.why }}</span>
          </ng-template>
        </dcp-table>
      </dcp-state>
    </section>
  `,
})
export class DecisionsPanel {
  readonly posts = input.required<Loadable<readonly Post[]>>();
  readonly reached = input.required<readonly Post[]>();
  protected readonly t = t;
  protected readonly key = ({ post, decision }: Row): string =>
    [post.module, post.node, decision.queue, decision.id, decision.at].join(' ');
  protected readonly rows = computed<readonly Row[]>(() =>
    this.reached()
      .flatMap((post) => post.decisions.map((decision) => ({ post, decision })))
      .sort((one, other) => other.decision.at.localeCompare(one.decision.at)),
  );
  protected readonly columns = computed<readonly Column<Row>[]>(() => {
    shared.language();
    return [
      {
        id: 'at',
        header: () => t('when'),
        value: ({ decision }) => decision.at,
        text: ({ decision }) => formatTime(decision.at, { seconds: true }),
        width: '176px',
      },
      { id: 'by', header: () => t('who'), value: ({ decision }) => decision.by, width: '128px' },
      { id: 'decision', header: () => t('decision'), value: ({ decision }) => t(decision.decision), width: '128px' },
      { id: 'why', header: () => t('why'), value: ({ decision }) => decision.why, width: 'minmax(200px, 3fr)' },
      { id: 'module', header: () => t('module'), value: ({ post }) => localized(post.title), width: 'minmax(144px, 1fr)' },
      { id: 'queue', header: () => t('queue'), value: ({ decision }) => decision.queue, mono: true, width: 'minmax(200px, 2fr)' },
      { id: 'id', header: () => t('message'), value: ({ decision }) => decision.id, mono: true, width: 'minmax(160px, 1fr)' },
    ];
  });
}
