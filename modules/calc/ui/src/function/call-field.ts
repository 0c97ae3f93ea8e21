import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { formatTime, locale, parseTime, serverText, zoneName } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import type { Read } from './entry';
import { FURTHER, type Field } from './fields';
import type { Objection } from './form';
import { INCOMPLETE, instantIn, isDate } from './moment';
import { t } from './texts';

/** One argument of a call: a control that fits its schema, what it means, and what is wrong with it. */
@Component({
  selector: 'calc-field',
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './call-field.html',
  styles: `
    .dcp-field {
      grid-template-columns: minmax(0, 1fr);
    }
    label {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: 0 var(--dcp-space-2);
    }
    label > code {
      color: var(--dcp-text);
      font-weight: 600;
    }
    label > span {
      font-weight: 400;
      font-size: var(--dcp-size-small);
      color: var(--dcp-text-quiet);
    }
    fieldset {
      display: flex;
      flex-wrap: wrap;
      gap: var(--dcp-space-1) var(--dcp-space-3);
      margin: 0;
      padding: 0;
      border: 0;
    }
    fieldset > label {
      align-items: center;
      font-weight: 400;
    }
    .refer {
      justify-self: start;
      min-height: 24px;
      padding-inline: 0;
      font-size: var(--dcp-size-small);
    }
    .others {
      display: flex;
      gap: 0 var(--dcp-space-4);
    }
    .moment {
      justify-self: start;
      max-width: 100%;
    }
    textarea {
      font: 400 var(--dcp-size-small) / var(--dcp-line) var(--dcp-font-mono);
      resize: vertical;
    }
  `,
})
export class CallField {
  readonly field = input.required<Field>();
  readonly entry = input.required<string>();
  /** What this page found wrong. */
  readonly wrong = input<Read>();
  /** What the engine found wrong. */
  readonly objections = input<readonly Objection[]>([]);
  readonly changed = output<string>();
  /** Somebody wants an earlier result or process data in it. */
  readonly refer = output();
  protected readonly t = t;
  protected readonly id = computed(() => `calc-argument-${this.field().name}`);
  protected readonly control = computed(() => {
    const { element, many } = this.field();
    if (element === 'choice' && many !== 'one') return 'boxes';
    if (element === 'choice' || (element === 'boolean' && many === 'one')) return 'select';
    if (this.isMoment() && !this.writes()) return 'moment';
    return many !== 'one' || element === 'matrix' || element === 'json' || element === 'any' ? 'area' : 'line';
  });
  protected readonly isDay = computed(() => this.field().element === 'date');
  protected readonly isMoment = computed(() => ['date', 'instant'].includes(this.field().element));
  /** Somebody would rather write a date than choose it. */
  protected readonly written = signal(false);
  /** Whether a date is written: several are, and what stands for one. */
  protected readonly writes = computed(() => this.written() || this.shown() === undefined);
  /** A date or an instant as its native field shows it, by the clock of the portal; nothing for what that cannot show. */
  protected readonly shown = computed(() => {
    shared.language();
    const entry = this.entry().trim();
    if (entry === '' || entry === INCOMPLETE) return '';
    if (this.isDay()) return isDate(entry) ? entry : undefined;
    const at = instantIn(entry);
    if (at === undefined || at === null) return undefined;
    return formatTime(at, { seconds: new Date(at).getUTCSeconds() > 0 }).replace(' ', 'T');
  });
  protected readonly clock = computed(() => {
    shared.language();
    const at = instantIn(this.entry().trim());
    return t('clock', { zone: zoneName(at === undefined || at === null ? undefined : at) });
  });
  protected readonly options = computed(() => (this.field().element === 'boolean' ? ['true', 'false'] : this.field().choices));
  protected readonly kind = computed(() => {
    const { element, many, nullable, frame } = this.field();
    const word =
      frame && element === 'json'
        ? t('table')
        : t(many === 'one' ? element : many === 'some' ? 'someOf' : 'listOf', { what: t(`${element}s` as const) });
    return nullable ? t('orNull', { what: word }) : word;
  });
  protected readonly fallback = computed(() => {
    const { choices, fallback, many, required } = this.field();
    if (required) return t('required');
    if (fallback === null) return t('optional');
    // R takes the first of the choices
    const value = choices.length === 0 || !fallback.startsWith('c(') ? fallback : many === 'one' ? choices[0] : choices.join(', ');
    return t('default', { value: value ?? fallback });
  });
  protected readonly limits = computed(() => {
    shared.language();
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = this.field().bounds;
    const number = (value: number): string => value.toLocaleString(locale());
    const [least, most] = [minimum ?? exclusiveMinimum, maximum ?? exclusiveMaximum];
    return [
      least === undefined ? '' : `${minimum === undefined ? '>' : '≥'} ${number(least)}`,
      most === undefined ? '' : `${maximum === undefined ? '<' : '≤'} ${number(most)}`,
    ]
      .filter(Boolean)
      .join(', ');
  });
  /** A data frame can be process data, anything can be a result; a choice is chosen from its list. */
  protected readonly takesReference = computed(() => !['select', 'boxes'].includes(this.control()) && this.field().name !== FURTHER.name);
  protected readonly takesData = computed(() => this.field().frame || this.field().element === 'any');
  /** How many values a list must have. */
  protected readonly count = computed(() => {
    const { least, most } = this.field().length;
    if (least === undefined && most === undefined) return '';
    if (least === most) return t('exactly', { least: least ?? 0 });
    if (most === undefined) return t('atLeast', { least: least ?? 0 });
    return least === undefined ? t('atMost', { most }) : t('fromTo', { least, most });
  });
  /** Those of the choices that are taken. */
  protected readonly taken = computed(() => new Set(this.entry().split('\n').filter(Boolean)));
  /** The kind, the unit and the limits, then what holds when nothing is entered. */
  protected readonly about = computed(
    () => `${[this.kind(), this.field().unit, this.limits(), this.count()].filter(Boolean).join(', ')} · ${this.fallback()}`,
  );
  protected readonly hint = computed(() => {
    const { element, many, frame } = this.field();
    if (frame) return t('hintFrame');
    if (element === 'choice') return many === 'one' ? '' : t('hintChoices');
    if (element === 'boolean') return many === 'one' ? '' : t('hintBooleans');
    if (element === 'matrix') return t('hintMatrix');
    if (element === 'json') return t('hintJson');
    if (element === 'any') return t('hintAny');
    if (element === 'instant' && this.control() === 'moment') return this.clock();
    if (element === 'date' && this.control() === 'moment') return '';
    if (element === 'date') return t(many === 'one' ? 'hintDate' : 'hintDates');
    if (element === 'instant') return t(many === 'one' ? 'hintInstant' : 'hintInstants');
    return many === 'one' ? '' : t(element === 'text' ? 'hintTexts' : 'hintNumbers');
  });
  /** Between the author's words and the hint: a description need not end as a sentence does. */
  protected readonly between = computed(() => (/[^.!?]$/.test(this.field().description) && this.hint() ? ' · ' : ' '));
  /** What is wrong, in words; empty when nothing is. */
  protected readonly trouble = computed(() => {
    shared.language();
    const { wrong, at } = this.wrong() ?? {};
    if (at === INCOMPLETE) return t('incomplete');
    if (wrong) return t(wrong, { at: at ?? '', limits: this.limits() });
    return this.objections()
      .map(({ detail, inside }) => this.placed(serverText(detail), inside))
      .join(' ');
  });
  protected readonly described = computed(() =>
    [`${this.id()}-about`, this.trouble() ? `${this.id()}-wrong` : ''].filter(Boolean).join(' '),
  );

  /** Takes what is ticked, in the order of the definition. Asked of the boxes: the next may be ticked before the entry is drawn anew. */
  protected take(boxes: HTMLFieldSetElement): void {
    const ticked = [...boxes.querySelectorAll<HTMLInputElement>('input:checked')];
    this.changed.emit(ticked.map((box) => box.value).join('\n'));
  }

  /** A day as it is, an instant as that of the portal's clock. Browsers tell nothing of a date that is begun, so each key is asked for. */
  protected choose(field: HTMLInputElement): void {
    const was = this.entry().trim();
    if (field.value === '') {
      const entry = field.validity.badInput ? INCOMPLETE : '';
      if (entry !== was) this.changed.emit(entry);
    } else if (field.value !== this.shown()) {
      const at = field.type === 'date' ? undefined : parseTime(field.value);
      this.changed.emit(at === undefined ? field.value : new Date(at).toISOString().replace('.000Z', 'Z'));
    }
  }

  private placed(detail: string, inside: string): string {
    const index = /^\/(\d+)$/.exec(inside)?.[1];
    if (index) return t('atValue', { at: Number(index) + 1, detail });
    return inside ? t('atPlace', { at: inside, detail }) : detail;
  }
}
