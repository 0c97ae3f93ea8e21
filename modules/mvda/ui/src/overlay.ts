import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import type { OverlayLane, OverlayLine } from '@dcp/charts';
import { problemLine } from '@dcp/api-service';
import { shared, StatePanel } from '@dcp/kit';
import { lasting, UnreadableNote, WarningNote } from '@dcp/plant';
import { backend } from './backend';
import type { Chart } from './chart';
import { CloseReading } from './close-reading';
import { spliced, type Points } from './close-up';
import type { OverlayAnswer, OverlayBatch, Tag } from './contract';
import { Drawing } from './drawing';
import { envelopeOf } from './envelope';
import { Anew, Kept } from './kept';
import { labels } from './labels';
import { missing } from './missing';
import { phaseBands } from './overlay-parts';
import { PhasePicker } from './phase-picker';
import { same, steady } from './steady';
import { TagPicker } from './tag-picker';
import { Unit } from './unit';
import { View } from './view';
import { t } from './words';

const POINTS = 300;
/** More lanes than this would be lines without room. */
const LANES = 6;
/** As many batches without the phase are named; the rest is counted. */
const NAMED = 5;

/** All batches of the unit over each other, aligned at their start; the selected ones in front of what the complete ones usually do. */
@Component({
  selector: 'mvda-overlay',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [Drawing, Kept, PhasePicker, StatePanel, TagPicker, UnreadableNote, WarningNote],
  styles: `
    .dcp-toolbar {
      margin-bottom: var(--dcp-space-3);
    }
    .close {
      margin: 0 0 var(--dcp-space-2);
    }
  `,
  template: `
    <dcp-state
      [of]="unit.batches"
      [empty]="unit.batches.value()?.length === 0"
      [emptyTitle]="t('noBatches')"
      [emptyText]="t('noBatchesText')"
    >
      <div class="dcp-toolbar">
        <mvda-tag-picker [chosen]="unit.chosen()" (changed)="choose($event)" />
        <mvda-phase-picker
          [phases]="unit.phases.value() ?? []"
          [chosen]="view.state().phase"
          (changed)="view.set({ phase: $event, from: undefined, to: undefined })"
        />
        <div class="dcp-group" role="group" [attr.aria-label]="t('alignment')">
          <button
            type="button"
            class="dcp-button"
            [attr.aria-pressed]="view.state().align === 'elapsed'"
            (click)="view.set({ align: 'elapsed', from: undefined, to: undefined })"
          >
            {{ t('elapsed') }}
          </button>
          <button
            type="button"
            class="dcp-button"
            [attr.aria-pressed]="view.state().align === 'maturity'"
            (click)="view.set({ align: 'maturity', from: undefined, to: undefined })"
          >
            {{ t('maturity') }}
          </button>
        </div>
        <span class="dcp-hint">{{ t('overlayHint') }}</span>
        @if (pattern(); as batch) {
          <span class="dcp-hint">{{ t('phaseBands', { batch }) }}</span>
        }
        @if (soFar(); as soFar) {
          <span class="dcp-hint" role="status">{{ t('readSoFar', soFar) }}</span>
        }
        @if (seen(); as words) {
          <span class="dcp-hint" role="status">{{ words }}</span>
        }
        <span class="dcp-fill"></span>
        <mvda-kept [series]="shownSeries()" (anew)="anew.ask()" />
        <button type="button" class="dcp-button" [disabled]="!view.state().batches.length" (click)="view.set({ batches: [] })">
          {{ t('clearSelection') }}
        </button>
      </div>
      <dcp-warning-note [of]="notes()" />
      <dcp-unreadable [of]="data.value()?.unreadable ?? []" />
      @if (without(); as without) {
        <p class="dcp-hint" role="note">{{ t('withoutPhase', without) }}</p>
      }
      @if (close.data.problem(); as problem) {
        <p class="dcp-hint close" role="alert">
          {{ t('closeFailed', { problem: line(problem) }) }}
          <button type="button" class="dcp-button" (click)="close.data.reload()">{{ t('retry') }}</button>
        </p>
      }
      <mvda-drawing [of]="data" [chart]="chart()" [growing]="!!soFar()" />
    </dcp-state>
  `,
})
export class OverlayTab {
  protected readonly t = t;
  protected readonly unit = inject(Unit);
  protected readonly view = inject(View);
  protected readonly tags = computed(() => this.unit.chosen().slice(0, LANES));

  protected readonly anew = new Anew();
  private readonly request = computed(
    () => {
      const { source, unit, phase } = this.view.state();
      const batches = (this.unit.batches.value() ?? []).map((batch) => batch.id);
      const tags = this.tags().map((tag) => tag.web_id);
      return batches.length && tags.length ? { source, unit, batches, tags, phase, asked: this.anew.asked() } : undefined;
    },
    { equal: same },
  );

  protected readonly data = steady<NonNullable<ReturnType<typeof this.request>>, OverlayAnswer>(
    this.request,
    ({ source, asked, ...request }, signal, meanwhile) =>
      this.anew.read(asked, (reload) => backend.overlay(source, { ...request, points: POINTS, reload }, signal, meanwhile)),
  );
  protected readonly close = new CloseReading({ answer: this.data, usual: () => this.usual(), asked: this.anew.asked });
  protected readonly notes = computed(() => {
    shared.language();
    return missing(this.unit, this.view, false);
  });
  protected readonly line = problemLine;
  /** How closely the stretch on show is seen. */
  protected readonly seen = computed(() => {
    shared.language();
    if (this.close.data.loading()) return t('closeReading');
    const every = this.close.every();
    return every === undefined ? '' : t(every ? 'everyValue' : 'thinnedOut');
  });
  protected readonly shownSeries = computed(() => (this.data.value()?.batches ?? []).flatMap(({ courses }) => courses));
  /** How far reading has come, while it goes on and some of it is seen. */
  protected readonly soFar = computed(() => {
    const { batches, of } = this.data.value() ?? { batches: [], of: 0 };
    return this.data.loading() && batches.length < of ? { count: batches.length, of } : undefined;
  });
  protected readonly without = computed(() => {
    shared.language();
    const without = this.data.value()?.without ?? [];
    const batches = without.slice(0, NAMED).join(', ') + (without.length > NAMED ? ' …' : '');
    return without.length ? { count: without.length, batches } : undefined;
  });
  private readonly bands = computed(() => {
    const pattern = this.unit.pattern();
    const { phase, align } = this.view.state();
    const all = this.unit.phases.value() ?? [];
    const whole = phase ? all.find(({ key }) => key === phase) : pattern;
    if (!whole) return [];
    const now = this.unit.now();
    const start = Date.parse(whole.start);
    const length = (whole.end ? Date.parse(whole.end) : now) - start || 1;
    const at = (instant: number): number => (align === 'maturity' ? (100 * (instant - start)) / length : (instant - start) / 60_000);
    return phaseBands(phase ? all.filter(({ key }) => key.startsWith(`${phase}\\`)) : all, at, now);
  });
  /** The batch whose phases are drawn as bands. */
  protected readonly pattern = computed(() => (this.bands().length ? this.unit.pattern()?.id : undefined));

  protected readonly chart = computed<Chart | undefined>(() => {
    shared.language();
    const answer = this.data.value();
    if (!answer) return undefined;
    const { align, batches, from, to, phase } = this.view.state();
    const maturity = align === 'maturity';
    return {
      kind: 'overlay',
      options: {
        title: phase
          ? t('overlayOfUnitPhase', { unit: this.view.unitName(), phase: nameOf(phase) })
          : t('overlayOf', { unit: this.view.unitName() }),
        ...labels(`${this.view.unitName()} ${t('overlay')}`),
        bare: true,
        lanes: this.tags()
          .filter(({ web_id }) => answer.batches[0]?.courses.some((one) => one.web_id === web_id))
          .map((tag) => this.lane(tag, answer.batches, maturity)),
        bands: this.bands(),
        x: maturity ? { name: t('maturity'), unit: '%' } : { name: t('elapsed'), unit: 'min' },
        highlighted: batches,
        zoom: from !== undefined && to !== undefined ? { from, to } : undefined,
        onHighlight: (ids) => this.view.set({ batches: ids }, { replace: true }),
        onZoom: (range, zoomed) =>
          this.view.set(zoomed ? { from: round(range.from), to: round(range.to) } : { from: undefined, to: undefined }, { replace: true }),
      },
    };
  });

  protected choose(tags: readonly Tag[]): void {
    this.view.set({ tags: tags.map((tag) => tag.name) });
  }

  private lane(tag: Tag, read: readonly OverlayBatch[], maturity: boolean): OverlayLane {
    const batches = new Map((this.unit.batches.value() ?? []).map((batch) => [batch.id, batch]));
    const limited = !!this.view.state().phase;
    const courses = read.flatMap(({ batch: id, duration_s, courses }) =>
      courses.filter(({ web_id }) => web_id === tag.web_id).map((course) => ({ id, duration_s, course })),
    );
    const known = this.close.closeUp()?.batches;
    const drawn = courses.map(({ id, duration_s, course }): { whole: OverlayLine; line: OverlayLine } => {
      const batch = batches.get(id);
      const whole = limited ? duration_s || 1 : batch?.end ? lasting(batch, 0) : this.usual();
      const points = ({ elapsed_s, values }: typeof course): Points => ({
        x: elapsed_s.map((at) => (maturity ? (100 * at) / whole : at / 60)),
        y: values,
      });
      const line = { id, name: id, ...points(course), step: tag.step };
      const seen = known?.get(id);
      const closer = seen?.courses.find(({ web_id }) => web_id === tag.web_id);
      return { whole: line, line: seen && closer ? { ...line, ...spliced(line, points(closer), seen) } : line };
    });
    const lines = drawn.map(({ line }) => line);
    const selected = new Set(this.view.state().batches);
    const usual = drawn.flatMap(({ whole }) => (!selected.has(whole.id) && batches.get(whole.id)?.status === 'complete' ? [whole] : []));
    const remark = badStates(courses.map(({ course }) => course));
    const envelope = envelopeOf(usual, t('envelopeName', { count: usual.length }));
    return {
      id: tag.web_id,
      name: tag.name,
      unit: courses[0]?.course.unit ?? tag.unit,
      lines,
      ...(envelope ? { envelope } : {}),
      ...(remark ? { remark } : {}),
    };
  }

  /** Seconds a complete batch takes on average: the measure for a running one. */
  private usual(): number {
    const complete = this.unit.complete();
    return complete.reduce((sum, batch) => sum + batch.duration_s, 0) / Math.max(1, complete.length) || 1;
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The name of a phase, from its key. */
function nameOf(key: string): string {
  return key.split('\\').at(-1) ?? key;
}

/** In how many batches the source said something else than a value, in its own words. */
function badStates(courses: OverlayBatch['courses']): string {
  const batches = new Map<string, number>();
  for (const { status } of courses)
    for (const state of new Set(status.map((stretch) => stretch.state))) batches.set(state, (batches.get(state) ?? 0) + 1);
  return [...batches].map(([state, count]) => t('stateIn', { state, count })).join(', ');
}
