import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { followLink, ProblemError } from '@dcp/api-service';
import { ProblemPanel } from '@dcp/kit';
import { batchId, BatchTable, type Batch } from '@dcp/plant';
import { backend } from './backend';
import type { Kind, NewModel } from './contract';
import { Unit } from './unit';
import { View } from './view';
import { t } from './words';

const ALPHAS = [0.9, 0.95, 0.99];
const INTERVALS = ['30s', '60s', '300s', 'recorded'];
/** The batches a model is learnt from have to say something about spread. */
const FEWEST = 5;

/** What a model is made of: the batches that define normal, the tags, and the settings that methods disagree about. */
@Component({
  selector: 'mvda-model-form',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [BatchTable, ProblemPanel],
  styles: `
    form {
      display: grid;
      grid-template-columns: 300px minmax(0, 1fr);
      gap: var(--dcp-space-4);
      align-items: start;
    }
    .settings {
      display: grid;
      gap: var(--dcp-space-3);
    }
    fieldset {
      border: 0;
      margin: 0;
      padding: 0;
      display: grid;
      gap: 2px;
    }
    legend {
      padding: 0;
      font-weight: 500;
      margin-bottom: 4px;
    }
    .choice {
      display: flex;
      gap: 8px;
      align-items: baseline;
      min-height: 24px;
    }
    .choice input {
      accent-color: var(--dcp-accent);
    }
    .pair {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: var(--dcp-space-3);
    }
    .end {
      display: flex;
      gap: var(--dcp-space-2);
      align-items: center;
      flex-wrap: wrap;
    }
    h2 {
      margin-bottom: var(--dcp-space-2);
    }
    @media (max-width: 1100px) {
      form {
        grid-template-columns: minmax(0, 1fr);
      }
    }
  `,
  template: `
    @if (problem(); as problem) {
      <dcp-problem [problem]="problem" [retryable]="false" />
    }
    <form (submit)="submit($event)">
      <div class="settings">
        <h2>{{ t('newModel') }}</h2>
        <fieldset>
          <legend>{{ t('kind') }}</legend>
          @for (one of kinds; track one) {
            <label class="choice"
              ><input type="radio" name="kind" [checked]="kind() === one" (change)="view.set({ create: one }, { replace: true })" /><span
                >{{ t(one) }}<br /><span class="dcp-hint">{{ hint(one) }}</span></span
              ></label
            >
          }
        </fieldset>
        <div class="dcp-field">
          <label for="mvda-name">{{ t('name') }}</label><input
            id="mvda-name"
            class="dcp-input"
            required
            maxlength="120"
            [value]="name()"
            (input)="typed.set(value($event))"
          />
        </div>
        <div class="pair">
          <div class="dcp-field">
            <label for="mvda-components">{{ t('components') }}</label><input
              id="mvda-components"
              class="dcp-input"
              type="number"
              min="1"
              max="10"
              [value]="components()"
              (input)="components.set(+value($event))"
            />
          </div>
          <div class="dcp-field">
            <label for="mvda-alpha">{{ t('confidence') }}</label>
            <select id="mvda-alpha" class="dcp-select" (change)="alpha.set(+value($event))">
              @for (one of alphas; track one) {
                <option [value]="one" [selected]="alpha() === one">{{ one * 100 }} %</option>
              }
            </select>
          </div>
        </div>
        <div class="dcp-field">
          <label for="mvda-interval">{{ t('interpolation') }}</label>
          <select id="mvda-interval" class="dcp-select" (change)="interval.set(value($event))">
            @for (one of intervals; track one) {
              <option [value]="one" [selected]="interval() === one">
                {{ one === 'recorded' ? t('recorded') : t('every', { interval: one }) }}
              </option>
            }
          </select>
        </div>
        <fieldset>
          <legend>{{ t('tags') }} ({{ tags().length }})</legend>
          @for (tag of unit.tags.value() ?? []; track tag.web_id) {
            <label class="choice"
              ><input type="checkbox" [checked]="!without().has(tag.name)" (change)="toggle(tag.name)" /><span
                >{{ tag.name }} <span class="dcp-hint">{{ tag.unit || t('noUnit') }}</span></span
              ></label
            >
          }
        </fieldset>
        <div class="end">
          <button type="submit" class="dcp-button dcp-button--primary" [disabled]="!ready() || sending()">
            {{ sending() ? t('sending') : t('calculate') }}
          </button>
          <a class="dcp-button" [href]="view.href({ create: '' })" (click)="follow($event)">{{ t('cancel') }}</a>
          @if (!ready()) {
            <span class="dcp-hint" role="status">{{ advice() }}</span>
          }
        </div>
      </div>
      <div>
        <h2>{{ t('referenceTitle') }}</h2>
        <p class="dcp-hint">{{ t('referenceHint') }}</p>
        @if (cutOff()) {
          <p class="dcp-hint" role="status">⚠ {{ t('cutOff', { batches: cutOff() }) }}</p>
        }
        <dcp-batch-table
          class="dcp-panel"
          [rows]="unit.batches.value() ?? []"
          [unit]="view.unitName()"
          [label]="t('referenceTitle')"
          [now]="unit.now()"
          [without]="['end']"
          [ended]="ended()"
          selectable="many"
          maxHeight="calc(100vh - 330px)"
          [selected]="reference()"
          (selectedChange)="refer($event)"
        >
          <div tableActions class="dcp-toolbar">
            <button type="button" class="dcp-button" [disabled]="!unit.batches.value()" (click)="refer(everyComplete())">
              {{ t('allComplete') }}
            </button>
            <button type="button" class="dcp-button" [disabled]="!unit.batches.value()" (click)="invert()">
              {{ t('invert') }}
            </button>
          </div>
        </dcp-batch-table>
      </div>
    </form>
  `,
})
export class ModelForm {
  protected readonly t = t;
  protected readonly view = inject(View);
  protected readonly unit = inject(Unit);
  protected readonly follow = followLink;
  protected readonly kinds: readonly Kind[] = ['evolution', 'level'];
  protected readonly alphas = ALPHAS;
  protected readonly intervals = INTERVALS;

  protected readonly typed = signal<string | undefined>(undefined);
  protected readonly components = signal(3);
  protected readonly alpha = signal(0.95);
  protected readonly interval = signal('60s');
  protected readonly without = signal<ReadonlySet<string>>(new Set());
  protected readonly sending = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);

  protected readonly kind = computed<Kind>(() => this.view.state().create || 'evolution');
  protected readonly name = computed(() => this.typed() ?? `${this.view.unitName()} ${t(this.kind())}`);
  /** Without the end, which the duration tells: the names need the room. */
  protected readonly ended = computed(() => {
    const reference = this.reference();
    return (batch: Batch): string => (reference.has(batch.id) ? t('reference') : '');
  });
  protected readonly tags = computed(() => (this.unit.tags.value() ?? []).filter((tag) => !this.without().has(tag.name)));
  protected readonly everyComplete = computed<ReadonlySet<string>>(() => new Set(this.unit.complete().map(batchId)));
  /** The selection of the address, as far as the unit knows it. */
  protected readonly reference = computed<ReadonlySet<string>>(() => {
    const known = new Set((this.unit.batches.value() ?? []).map(batchId));
    return new Set(this.view.state().batches.filter((id) => known.has(id)));
  });
  /** References that have not ended. */
  protected readonly cutOff = computed(() =>
    this.unit
      .running()
      .map(batchId)
      .filter((id) => this.reference().has(id))
      .join(', '),
  );
  protected readonly ready = computed(() => this.reference().size >= FEWEST && this.tags().length > 0 && this.name().trim() !== '');
  protected readonly advice = computed(() =>
    this.reference().size < FEWEST ? t('tooFewBatches', { count: FEWEST }) : this.tags().length ? t('nameNeeded') : t('tagsNeeded'),
  );

  protected hint(kind: Kind): string {
    return t(`${kind}_hint`);
  }

  protected value(event: Event): string {
    return (event.target as HTMLInputElement).value;
  }

  protected refer(batches: ReadonlySet<string>): void {
    const known = (this.unit.batches.value() ?? []).map(batchId);
    this.view.set({ batches: known.filter((id) => batches.has(id)) }, { replace: true });
  }

  protected invert(): void {
    this.refer(new Set([...this.everyComplete()].filter((id) => !this.reference().has(id))));
  }

  protected toggle(name: string): void {
    const next = new Set(this.without());
    if (!next.delete(name)) next.add(name);
    this.without.set(next);
  }

  protected async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!this.ready() || this.sending()) return;
    this.sending.set(true);
    this.problem.set(undefined);
    try {
      const { id } = await backend.create(this.model());
      this.view.set({
        create: '',
        model: id,
        section: 'overview',
        batch: '',
        batches: [],
      });
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    } finally {
      this.sending.set(false);
    }
  }

  private model(): NewModel {
    const { source, unit, path } = this.view.state();
    return {
      name: this.name().trim(),
      kind: this.kind(),
      source,
      unit: { web_id: unit, path, name: this.view.unitName() },
      tags: this.tags().map(({ name, web_id }) => ({ name, web_id })),
      batches: (this.unit.batches.value() ?? []).map(({ id, start, end }) => ({
        id,
        start,
        end,
        reference: this.reference().has(id),
      })),
      components: this.components(),
      alpha: this.alpha(),
      interpolation: this.interval() === 'recorded' ? 'recorded' : { interval: this.interval() },
      maturity: 'percent',
    };
  }
}
