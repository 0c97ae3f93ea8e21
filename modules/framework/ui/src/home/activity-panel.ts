import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import {
  followLink,
  formatAgo,
  formatDate,
  formatTime,
  localized,
  problemLine,
  ProblemError,
  query,
  siteAddress,
  toast,
  zoneName,
  type PortalModule,
} from '@dcp/api-service';
import { injectQueryState, shared, StatePanel } from '@dcp/kit';
import { activityFeed, type Activity } from './activity';
import { t } from './texts';

interface Day {
  readonly date: string;
  readonly title: string;
  readonly items: readonly Activity[];
}

const DAY_MS = 86_400_000;

/** Who did what when at this site; new activity appears by itself. */
@Component({
  selector: 'fw-activity',
  imports: [StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './activity-panel.html',
  styleUrl: './activity-panel.css',
})
export class ActivityPanel {
  readonly site = input.required<string>();
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly place = injectQueryState({ q: query.text() });
  protected readonly feed = activityFeed(() => shared.address().site ?? '');

  private readonly filtered = computed(() => {
    shared.language();
    const words = this.place.state().q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const items = this.feed.page.value()?.items ?? [];
    return items.filter((item) => {
      const text = `${localized(item.title)} ${item.subject.name} ${item.actor.name} ${item.module}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    });
  });
  protected readonly days = computed<readonly Day[]>(() => {
    shared.sites();
    const days = new Map<string, Activity[]>();
    for (const item of this.filtered()) {
      const date = formatDate(item.at);
      days.set(date, [...(days.get(date) ?? []), item]);
    }
    return [...days].map(([date, items]) => ({
      date,
      title: this.dayTitle(date),
      items,
    }));
  });
  protected readonly zone = computed(() => {
    shared.sites();
    return zoneName();
  });
  /** The page an empty feed points at. */
  protected readonly next = computed(() => shared.portal()?.modules.find(({ name }) => name === 'mvda'));

  private dayTitle(date: string): string {
    if (date === formatDate(Date.now())) return `${t('today')}, ${date}`;
    return date === formatDate(Date.now() - DAY_MS) ? `${t('yesterday')}, ${date}` : date;
  }

  /** The sentence round its subject; one that does not name the subject is followed by it. */
  protected said(item: Activity): { before: string; after: string } {
    const text = localized(item.title);
    const at = item.subject.name ? text.indexOf(item.subject.name) : -1;
    return at < 0 ? { before: text, after: '' } : { before: text.slice(0, at), after: text.slice(at + item.subject.name.length) };
  }

  protected clock(item: Activity): string {
    return formatTime(item.at).slice(-5);
  }

  protected exact(item: Activity): string {
    return `${formatTime(item.at, { seconds: true })} ${zoneName(item.at)} · ${formatAgo(item.at)}`;
  }

  protected moduleTitle(item: Activity): string {
    const module = shared.portal()?.modules.find(({ name }) => name === item.module);
    return module ? localized(module.title) : item.module;
  }

  protected open(module: PortalModule): string {
    return siteAddress(module.routes[0]?.path ?? 'home');
  }

  protected titleOf(module: PortalModule): string {
    return localized(module.routes[0]?.title ?? module.title);
  }

  protected older(): void {
    this.feed.older().catch((error: unknown) => toast(problemLine(ProblemError.from(error)), { kind: 'error' }));
  }
}
