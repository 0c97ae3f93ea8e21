import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, input, output, signal } from '@angular/core';
import type { Tag } from './contract';
import { Unit } from './unit';
import { View } from './view';
import { t } from './words';

/** Which tags are shown: a list to tick, with a filter. */
@Component({
  selector: 'mvda-tag-picker',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    '(document:click)': 'outside($event)',
    '(keydown.escape)': 'close($event)',
  },
  styles: `
    :host {
      position: relative;
      display: inline-block;
    }
    .list {
      position: absolute;
      z-index: 20;
      top: calc(100% + 4px);
      left: 0;
      width: 400px;
      max-width: 90vw;
      background: var(--dcp-surface-raised);
      border: 1px solid var(--dcp-hairline);
      border-radius: var(--dcp-radius);
      box-shadow: var(--dcp-shadow-overlay);
      padding: var(--dcp-space-2);
    }
    ul {
      list-style: none;
      margin: var(--dcp-space-2) 0 0;
      padding: 0;
      max-height: 320px;
      overflow: auto;
    }
    label {
      display: grid;
      grid-template-columns: 20px minmax(0, 1fr) auto;
      gap: 6px;
      align-items: center;
      min-height: 28px;
      padding: 0 4px;
      border-radius: var(--dcp-radius);
      cursor: pointer;
    }
    label:hover {
      background: var(--dcp-hover);
    }
    label input {
      accent-color: var(--dcp-accent);
    }
    .unit {
      color: var(--dcp-text-quiet);
    }
    .dcp-input {
      width: 100%;
    }
    .more {
      display: block;
      color: var(--dcp-text-quiet);
      font-size: var(--dcp-size-small);
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    footer {
      display: flex;
      gap: var(--dcp-space-2);
      padding-top: var(--dcp-space-2);
      border-top: 1px solid var(--dcp-hairline);
      margin-top: var(--dcp-space-1);
    }
  `,
  template: `
    <button type="button" class="dcp-button" [attr.aria-expanded]="open()" [attr.aria-controls]="'mvda-tags'" (click)="open.set(!open())">
      {{ t('tagsChosen', { count: chosen().length, of: all().length }) }}
    </button>
    @if (open()) {
      <div class="list" id="mvda-tags" role="group" [attr.aria-label]="t('tags')">
        <input
          class="dcp-input"
          type="search"
          [placeholder]="t('filterTags')"
          [attr.aria-label]="t('filterTags')"
          [value]="filter()"
          (input)="type($event)"
        />
        <ul>
          @for (tag of found(); track tag.web_id) {
            <li>
              <label
                ><input type="checkbox" [checked]="names().has(tag.name)" (change)="toggle(tag)" /><span
                  >{{ tag.name }}
                  @if (tag.description && tag.description !== tag.name) {
                    <span class="more">{{ tag.description }}</span>
                  }</span
                ><span class="unit">{{ tag.unit || t('noUnit') }}</span></label
              >
            </li>
          }
        </ul>
        <footer>
          <button type="button" class="dcp-button" (click)="changed.emit(all())">
            {{ t('allTags') }}
          </button>
          <button type="button" class="dcp-button" (click)="reset()">
            {{ t('firstTags') }}
          </button>
        </footer>
      </div>
    }
  `,
})
export class TagPicker {
  readonly chosen = input.required<readonly Tag[]>();
  readonly changed = output<readonly Tag[]>();
  protected readonly t = t;
  private readonly unit = inject(Unit);
  private readonly view = inject(View);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  protected readonly open = signal(false);
  protected readonly filter = signal('');
  protected readonly all = computed(() => this.unit.tags.value() ?? []);
  protected readonly names = computed(() => new Set(this.chosen().map((tag) => tag.name)));
  protected readonly found = computed(() => {
    const words = this.filter().toLowerCase();
    return this.all().filter((tag) => `${tag.name} ${tag.description}`.toLowerCase().includes(words));
  });

  protected type(event: Event): void {
    this.filter.set((event.target as HTMLInputElement).value);
  }

  protected toggle(tag: Tag): void {
    const chosen = this.chosen();
    const next = this.names().has(tag.name) ? chosen.filter((one) => one.name !== tag.name) : [...chosen, tag];
    if (next.length) this.changed.emit(next);
  }

  protected reset(): void {
    this.view.set({ tags: [] });
  }

  protected close(event: Event): void {
    if (!this.open()) return;
    event.stopPropagation();
    this.open.set(false);
    this.host.querySelector('button')?.focus();
  }

  protected outside(event: Event): void {
    if (this.open() && !this.host.contains(event.target as Node)) this.open.set(false);
  }
}
