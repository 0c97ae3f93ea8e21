import { ChangeDetectionStrategy, Component, computed, effect, type ElementRef, untracked, viewChild } from '@angular/core';
import { followLink } from '@dcp/api-service';
import { shared, ZoneBadge } from '@dcp/kit';
import { CallPage } from './calls/call-page';
import { CallsPage } from './calls/calls-page';
import { EnginesPage } from './engines/engines-page';
import { FunctionPage } from './function/function-page';
import { chosen, link, nodes, place, scriptLink, type EngineNode } from './place';
import { PublishPage } from './publish/publish-page';
import { ScriptPage } from './script/script-page';
import { ScriptsPage } from './scripts/scripts-page';
import { t } from './texts';

const TABS = ['scripts', 'calls', 'engines'] as const;

/** The frame of these pages: where one is, the engine's node with its zone, and the page. */
@Component({
  selector: 'calc-root',
  imports: [CallPage, CallsPage, EnginesPage, FunctionPage, PublishPage, ScriptPage, ScriptsPage, ZoneBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './root.html',
  styleUrl: './root.css',
})
export class Root {
  protected readonly t = t;
  protected readonly tabs = TABS;
  protected readonly follow = followLink;
  protected readonly nodes = nodes;
  protected readonly chosen = chosen;
  protected readonly link = link;
  protected readonly scriptLink = scriptLink;
  /** As a list of one: another page starts anew, because nothing of one page belongs to another. */
  protected readonly places = computed(() => {
    const { site, path } = shared.address();
    const node = chosen();
    return site === undefined || !node ? [] : [{ key: `${path} ${node.name}`, ...place() }];
  });
  protected readonly title = computed(() => {
    const now = place();
    switch (now.page) {
      case 'script':
        return now.script;
      case 'function':
        return now.name;
      case 'publish':
        return t('publish');
      case 'call':
        return t('callTitle');
      default:
        return t('title');
    }
  });
  /** Whether the heading is a name that somebody gave. */
  protected readonly isNamed = computed(() => ['script', 'function'].includes(place().page));
  /** The script whose page or function is on show. */
  protected readonly script = computed(() => {
    const now = place();
    return now.page === 'function' ? now.script : '';
  });
  protected readonly tab = computed(() => {
    const { page } = place();
    return page === 'calls' || page === 'call' ? 'calls' : page === 'engines' ? 'engines' : 'scripts';
  });

  private readonly heading = viewChild.required<ElementRef<HTMLElement>>('heading');

  constructor() {
    let shown: string | undefined;
    effect(() => {
      const { path } = shared.address();
      const isNew = shown !== undefined && shown !== path;
      shown = path;
      if (isNew) untracked(() => this.greet());
    });
  }

  /** The shell does this between modules; between the pages of one, the link that was followed is gone. */
  private greet(): void {
    const heading = this.heading().nativeElement;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }

  /** The same list on another node; a script of one node need not exist on the other. */
  protected onNode(node: EngineNode): string {
    const tab = this.tab();
    const path = place().page === 'publish' ? 'publish' : tab === 'scripts' ? '' : tab;
    return link(path, { node: node.name });
  }
}
