import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  type ElementRef,
  input,
  output,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { problemDetail, ProblemError, problemTitle } from '@dcp/api-service';
import { shared, type Loadable } from '@dcp/kit';
import type { AssetSource, Element } from './model';
import { t } from './texts';

/** An element and the source whose tree holds it. */
export interface Asset {
  readonly source: string;
  readonly element: Element;
}

interface Node {
  key: string;
  name: string;
  level: number;
  source: string;
  element: Element | undefined;
  open: boolean;
  leaf: boolean;
}

type Children = readonly Element[] | 'loading' | ProblemError;

function isKnown(children: Children | undefined): children is readonly Element[] {
  return Array.isArray(children);
}

/** The asset tree: children are read when a branch is opened; arrow keys as in every tree. */
@Component({
  selector: 'dcp-asset-tree',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styles: `
    ul {
      list-style: none;
      margin: 0;
      padding: 0;
      outline: none;
    }
    li {
      display: flex;
      align-items: center;
      gap: 4px;
      min-height: 26px;
      border-radius: var(--dcp-radius);
      cursor: pointer;
      padding-right: 6px;
      white-space: nowrap;
    }
    li:hover {
      background: var(--dcp-hover);
    }
    li[aria-selected='true'] {
      background: var(--dcp-selected);
      font-weight: 500;
    }
    li:focus-visible {
      outline: 2px solid var(--dcp-focus);
      outline-offset: -2px;
    }
    .trouble {
      display: grid;
      justify-items: start;
      gap: var(--dcp-space-1);
      margin: var(--dcp-space-2) 6px;
      padding-left: var(--dcp-space-2);
      border-left: 3px solid var(--dcp-danger);
      font-size: var(--dcp-size-small);
      overflow-wrap: anywhere;
    }
    .twist {
      width: 18px;
      text-align: center;
      color: var(--dcp-text-quiet);
      flex: none;
      font-size: 10px;
    }
    .name {
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .source {
      color: var(--dcp-text-quiet);
    }
    .note {
      padding: 2px 6px;
      color: var(--dcp-text-quiet);
      font-size: var(--dcp-size-small);
    }
  `,
  template: `
    <ul role="tree" [hidden]="!nodes().length" [attr.aria-label]="t('assets')" #list>
      @for (node of nodes(); track node.key; let at = $index) {
        <li
          role="treeitem"
          [attr.aria-level]="node.level"
          [attr.aria-expanded]="node.leaf ? null : node.open"
          [attr.aria-selected]="chosen() === node.key"
          [attr.data-key]="node.key"
          [tabindex]="active() === at ? 0 : -1"
          [style.padding-left.px]="(node.level - 1) * 14"
          (click)="click(node, at)"
          (keydown)="key($event)"
          [title]="node.element?.description || node.name"
        >
          <span class="twist" aria-hidden="true">{{ node.leaf ? '' : node.open ? '▾' : '▸' }}</span>
          <span class="name" [class.source]="!node.element">{{ node.name }}</span>
        </li>
      }
    </ul>
    @for (failed of troubles(); track failed.key) {
      <div class="trouble" role="alert" [title]="failed.detail ?? ''">
        <strong>{{ failed.title }}</strong>
        <!-- beside a chosen element its own problem says it -->
        @if (!path() && failed.detail) {
          <span>{{ failed.detail }}</span>
        }
        <button type="button" class="dcp-button" (click)="again.emit()">{{ t('retry') }}</button>
      </div>
    }
    @if (sources().loading() && !sources().value()) {
      <p class="note" role="status">{{ t('loading') }}</p>
    }
  `,
})
export class AssetTree {
  readonly sources = input.required<Loadable<readonly AssetSource[]>>();
  /** Reads the elements below another one, or at the top of the tree of a source. */
  readonly load = input.required<(source: string, parent: string | undefined) => Promise<readonly Element[]>>();
  /** Source and WebID of the chosen element. */
  readonly chosen = input('');
  /** Path of the chosen element: the branches above it open by themselves. */
  readonly path = input('');
  /** Each change reads again what could not be read. */
  readonly turn = input(0);
  readonly choose = output<Asset>();
  readonly again = output();
  protected readonly t = t;
  private readonly list = viewChild.required<ElementRef<HTMLElement>>('list');
  private readonly children = signal<ReadonlyMap<string, Children>>(new Map());
  private readonly opened = signal<ReadonlySet<string>>(new Set());
  private readonly place = signal(0);

  protected readonly nodes = computed<Node[]>(() => (this.sources().value() ?? []).flatMap((source) => this.branch(source)));
  protected readonly active = computed(() => Math.min(this.place(), Math.max(0, this.nodes().length - 1)));

  constructor() {
    effect(() => {
      const [only, ...others] = this.sources().value() ?? [];
      if (only && others.length === 0) untracked(() => void this.openAlong(only.id));
    });
    effect(() => {
      this.turn();
      untracked(() => {
        for (const { source } of this.troubles()) {
          if (source === undefined) this.sources().reload();
          else void this.openAlong(source);
        }
      });
    });
  }

  /** Branches that could not be read; the page beside the tree says more. */
  protected readonly troubles = computed(() => {
    shared.language();
    const trouble = (key: string, found: unknown, source?: string) =>
      found instanceof ProblemError ? [{ key, source, title: problemTitle(found), detail: problemDetail(found) }] : [];
    return [
      ...trouble('', this.sources().problem()),
      ...this.nodes().flatMap(({ key, source }) => trouble(key, this.children().get(key), source)),
    ];
  });

  protected click(node: Node, at: number): void {
    this.place.set(at);
    if (!node.leaf && (!node.element || this.chosen() === node.key || !node.open)) this.toggle(node);
    this.take(node);
  }

  protected key(event: KeyboardEvent): void {
    const nodes = this.nodes();
    const at = this.active();
    const node = nodes[at];
    if (!node || event.ctrlKey || event.altKey || event.metaKey) return;
    const moves: Record<string, () => void> = {
      ArrowDown: () => this.go(at + 1),
      ArrowUp: () => this.go(at - 1),
      Home: () => this.go(0),
      End: () => this.go(nodes.length - 1),
      ArrowRight: () => (node.leaf || node.open ? this.go(at + 1) : this.toggle(node)),
      ArrowLeft: () => (node.open ? this.toggle(node) : this.go(nodes.findLastIndex((one, index) => index < at && one.level < node.level))),
      Enter: () => this.take(node),
      ' ': () => this.take(node),
    };
    const move = moves[event.key] ?? (event.key.length === 1 ? () => this.type(event.key, at) : undefined);
    if (!move) return;
    event.preventDefault();
    move();
  }

  protected async fetch(node: Pick<Node, 'key' | 'source' | 'element'>): Promise<readonly Element[]> {
    const known = this.children().get(node.key);
    if (isKnown(known)) return known;
    this.put(node.key, 'loading');
    try {
      const found = await this.load()(node.source, node.element?.web_id);
      this.put(node.key, found);
      return found;
    } catch (error) {
      this.put(node.key, ProblemError.from(error));
      return [];
    }
  }

  private take(node: Node): void {
    if (!node.element) this.toggle(node);
    else if (node.key !== this.chosen()) this.choose.emit({ source: node.source, element: node.element });
  }

  private toggle(node: Node): void {
    const next = new Set(this.opened());
    if (!next.delete(node.key)) {
      next.add(node.key);
      void this.fetch(node);
    }
    this.opened.set(next);
  }

  /** Opens the branches above the unit in the address; without one, as far as there is nothing to choose. */
  protected async openAlong(source: string): Promise<void> {
    const path = this.path();
    let node: Pick<Node, 'key' | 'source' | 'element'> | undefined = {
      key: `${source}|`,
      source,
      element: undefined,
    };
    while (node) {
      const { key } = node;
      this.opened.update((open) => new Set([...open, key]));
      const below: readonly Element[] = await this.fetch(node);
      const next = path ? below.find((one) => path.startsWith(`${one.path}\\`)) : below.length === 1 ? below[0] : undefined;
      node = next?.has_children
        ? {
            key: `${source}|${next.web_id}`,
            source,
            element: next,
          }
        : undefined;
    }
  }

  private branch(source: AssetSource): Node[] {
    const below = (key: string, level: number): Node[] => {
      const found = this.children().get(key);
      if (!isKnown(found) || !this.opened().has(key)) return [];
      return found.flatMap((element) => {
        const own = `${source.id}|${element.web_id}`;
        const node: Node = {
          key: own,
          name: element.name,
          level,
          source: source.id,
          element,
          open: this.opened().has(own),
          leaf: !element.has_children,
        };
        return [node, ...below(own, level + 1)];
      });
    };
    const key = `${source.id}|`;
    return [
      {
        key,
        name: `${source.name} · ${source.database}`,
        level: 1,
        source: source.id,
        element: undefined,
        open: this.opened().has(key),
        leaf: false,
      },
      ...below(key, 2),
    ];
  }

  private go(to: number): void {
    if (to < 0 || to >= this.nodes().length) return;
    this.place.set(to);
    const key = this.nodes()[to]?.key ?? '';
    queueMicrotask(() =>
      this.list()
        .nativeElement.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
        ?.focus(),
    );
  }

  private type(letter: string, from: number): void {
    const nodes = this.nodes();
    const after = [...nodes.keys()].map((step) => (from + 1 + step) % nodes.length);
    const found = after.find((at) => nodes[at]?.name.toLowerCase().startsWith(letter.toLowerCase()));
    if (found !== undefined) this.go(found);
  }

  private put(key: string, value: Children): void {
    this.children.update((map) => new Map(map).set(key, value));
  }
}
