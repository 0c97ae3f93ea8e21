import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { followLink, remembered } from '@dcp/api-service';
import { Icon, shared, signalOf, StatePanel } from '@dcp/kit';
import { AssetTree, WarningNote, warningText, type Asset } from '@dcp/plant';
import { backend } from './backend';
import { Batches } from './batches';
import { Models } from './models';
import { OverlayTab } from './overlay';
import { TrendTab } from './trend';
import { Sources, Unit } from './unit';
import { TABS, View } from './view';
import { t } from './words';

const treeShown = remembered<boolean>('mvda.tree', true, (value): value is boolean => typeof value === 'boolean');

/** The frame of the module: the asset tree at the left, the chosen unit with its tabs beside it. */
@Component({
  selector: 'mvda-page',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [AssetTree, Batches, Icon, Models, OverlayTab, StatePanel, TrendTab, WarningNote],
  providers: [View, Sources, Unit],
  styles: `
    :host {
      display: grid;
      grid-template-columns: auto minmax(0, 1fr);
      min-height: calc(100vh - var(--dcp-header-height) - 40px);
      align-items: stretch;
    }
    aside {
      border-right: 1px solid var(--dcp-hairline);
      padding: var(--dcp-space-3) var(--dcp-space-2) var(--dcp-space-3) 0;
      overflow: auto;
    }
    aside.open {
      width: 208px;
    }
    aside header {
      display: flex;
      align-items: center;
      justify-content: space-between;
      padding-left: 6px;
      min-height: 28px;
    }
    aside h2 {
      font-size: var(--dcp-size-small);
      color: var(--dcp-text-quiet);
      font-weight: 500;
    }
    section {
      padding: var(--dcp-space-3) 0 var(--dcp-space-4) var(--dcp-space-4);
      min-width: 0;
    }
    .head {
      display: flex;
      flex-wrap: wrap;
      gap: 0 var(--dcp-space-3);
      align-items: baseline;
    }
    .path {
      color: var(--dcp-text-quiet);
      font-family: var(--dcp-font-mono);
      font-size: var(--dcp-size-small);
      overflow-wrap: anywhere;
    }
    .dcp-tabs {
      margin: var(--dcp-space-2) 0 var(--dcp-space-3);
    }
  `,
  template: `
    <aside [class.open]="tree()" [attr.aria-label]="t('assets')">
      <header>
        @if (tree()) {
          <h2>{{ t('assets') }}</h2>
        }
        <button
          type="button"
          class="dcp-button dcp-button--quiet dcp-button--icon"
          [attr.aria-expanded]="tree()"
          [attr.aria-label]="t('assets')"
          [title]="t('assets')"
          (click)="toggleTree()"
        >
          <dcp-icon [name]="tree() ? 'chevron-left' : 'chevron-right'" />
        </button>
      </header>
      <dcp-asset-tree
        [hidden]="!tree()"
        [sources]="sources"
        [load]="elements"
        [chosen]="view.state().source + '|' + view.state().unit"
        [path]="view.state().path"
        [turn]="unit.turn()"
        (choose)="choose($event)"
        (again)="unit.again()"
      />
    </aside>
    <section>
      <div class="head">
        <h1 tabindex="-1">{{ view.unitName() || t('title') }}</h1>
        <span class="path">{{ view.state().path }}</span>
      </div>
      <dcp-warning-note [of]="warnings()" />
      @if (view.state().unit) {
        <nav class="dcp-tabs" [attr.aria-label]="t('views')">
          @for (tab of tabs; track tab) {
            <a
              [href]="
                view.href({
                  tab,
                  model: '',
                  create: '',
                  section: 'overview',
                  from: undefined,
                  to: undefined,
                })
              "
              [attr.aria-current]="view.state().tab === tab ? 'page' : null"
              (click)="follow($event)"
              >{{ t(tab) }}
              @if (count(tab); as number) {
                <span class="dcp-quiet"> {{ number }}</span>
              }
            </a>
          }
        </nav>
        @switch (view.state().tab) {
          @case ('batches') {
            <mvda-batches />
          }
          @case ('trend') {
            <mvda-trend />
          }
          @case ('overlay') {
            <mvda-overlay />
          }
          @case ('models') {
            <mvda-models />
          }
        }
      } @else if (sources.problem()) {
        <dcp-state [of]="sources" />
      } @else if (sources.value()?.length === 0) {
        <div class="dcp-state">
          <h2>{{ t('noSources') }}</h2>
          <p class="dcp-quiet">{{ t('noSourcesText') }}</p>
          <a class="dcp-button" href="/sites" (click)="follow($event)">{{ t('otherSite') }}</a>
        </div>
      } @else {
        <div class="dcp-state">
          <h2>{{ t('chooseUnit') }}</h2>
          <p class="dcp-quiet">{{ t('chooseUnitText') }}</p>
        </div>
      }
    </section>
  `,
})
export class Page {
  protected readonly t = t;
  protected readonly tabs = TABS;
  protected readonly view = inject(View);
  protected readonly unit = inject(Unit);
  protected readonly elements = backend.elements;
  private readonly known = inject(Sources);
  protected readonly sources = this.known.sources;
  protected readonly warnings = computed(() => {
    shared.language();
    return this.known.warnings().map(warningText);
  });
  protected readonly tree = signalOf(treeShown);
  protected readonly follow = followLink;
  private readonly counts = computed(() => ({
    batches: this.unit.batches.value()?.length,
    selected: this.view.state().batches.length,
  }));

  protected count(tab: string): string {
    const { batches, selected } = this.counts();
    if (tab === 'batches') return batches ? String(batches) : '';
    return tab === 'overlay' && selected ? String(selected) : '';
  }

  protected choose({ source, element: { web_id, path } }: Asset): void {
    this.view.set({
      source,
      unit: web_id,
      path,
      batches: [],
      batch: '',
      tags: [],
      phase: '',
      model: '',
      create: '',
      from: undefined,
      to: undefined,
      section: 'overview',
    });
  }

  protected toggleTree(): void {
    treeShown.set(!treeShown.value);
  }
}
