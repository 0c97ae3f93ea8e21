import { ChangeDetectionStrategy, Component, computed, input, linkedSignal, output, signal } from '@angular/core';
import { ProblemError, serverText } from '@dcp/api-service';
import { Dialog, ProblemPanel, shared } from '@dcp/kit';
import { warningText } from '@dcp/plant';
import { latencyText, sentence, type Source } from './model';
import { OrderFields, SHORTEST } from './order-fields';
import { s } from './setup-texts';
import { idOf, PARTS, setupOf, setups, UNCONFIRMED, type Part, type Setup, type Trial } from './setup';

const HINTS = { url: 'urlHint', credentials: 'credentialsHint', ca_file: 'ca_fileHint' } as const;
const NEEDED: readonly Part[] = ['name', 'url', 'asset_server', 'database', 'data_server'];
type Field = Part | 'id' | 'reason';

/** Sets up a source: asks the server before anything is kept, and says of each field what is wrong with it. */
@Component({
  selector: 'fw-source-dialog',
  imports: [Dialog, OrderFields, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './source-dialog.html',
  styleUrl: './source-dialog.css',
})
export class SourceDialog {
  readonly site = input.required<string>();
  /** None for a new one. */
  readonly source = input<Source>();
  readonly closed = output();
  readonly saved = output<Source>();

  protected readonly s = s;
  protected readonly parts = PARTS;
  protected readonly setup = linkedSignal<Setup>(() => setupOf(this.source()));
  protected readonly ownId = signal<string | undefined>(undefined);
  protected readonly id = computed(() => this.source()?.id ?? this.ownId() ?? idOf(this.setup().name));
  protected readonly reason = signal('');
  protected readonly unconfirmed = signal(false);
  protected readonly busy = signal<'trying' | 'saving' | undefined>(undefined);
  protected readonly trial = signal<Trial | undefined>(undefined);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  private readonly checked = signal<'try' | 'save' | undefined>(undefined);

  protected readonly refused = computed(() => this.problem()?.type === UNCONFIRMED);
  /** What is said below the form; what belongs to a field is said there. */
  protected readonly failed = computed(() => {
    const problem = this.problem();
    return problem && !this.refused() && problem.errors.length === 0 ? problem : undefined;
  });
  protected readonly findings = computed(() => {
    shared.language();
    return (this.trial()?.findings ?? []).map(({ title, detail }) => ({ title: sentence(title), detail: sentence(detail) }));
  });
  protected readonly warnings = computed(() => {
    shared.language();
    return (this.trial()?.warnings ?? []).map(warningText);
  });
  protected readonly confirmed = computed(() => {
    shared.language();
    const identity = this.trial()?.identity;
    if (!identity || this.findings().length) return '';
    return s('confirmed', { product: identity.product, version: identity.version, latency: latencyText(identity.latency_ms) });
  });
  protected readonly errors = computed<Partial<Record<Field, string>>>(() => {
    shared.language();
    const found: Partial<Record<Field, string>> = {};
    for (const { pointer, detail } of this.problem()?.errors ?? []) found[fieldOf(pointer)] = sentence(serverText(detail));
    for (const { pointer, title } of this.trial()?.findings ?? []) found[fieldOf(pointer)] = sentence(title);
    if (!this.checked()) return found;
    for (const part of NEEDED) if (!this.setup()[part]?.trim()) found[part] = s('needed');
    if (!/^[\w.:-]{1,64}$/.test(this.id())) found.id = s('idWrong');
    if (this.checked() === 'save' && this.reason().trim().length < SHORTEST) found.reason = s('whyNeeded');
    return found;
  });

  protected hint(part: Part): string {
    shared.language();
    const hint = (HINTS as Partial<Record<Part, (typeof HINTS)[keyof typeof HINTS]>>)[part];
    return hint ? s(hint) : '';
  }

  protected change(part: Part, value: string): void {
    this.setup.update((now) => ({ ...now, [part]: part === 'ca_file' && !value.trim() ? null : value }));
    this.forget();
  }

  protected named(id: string): void {
    this.ownId.set(id);
    this.forget();
  }

  protected async tryOut(): Promise<void> {
    if (!this.begin('try', 'trying')) return;
    try {
      this.trial.set(await setups.tryOut(this.site(), this.id(), this.setup()));
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(undefined);
  }

  protected async save(): Promise<void> {
    if (!this.begin('save', 'saving')) return;
    const order = { seen: this.source()?.version ?? 0, reason: this.reason(), unconfirmed: this.unconfirmed() };
    const send = this.source() ? setups.change : setups.add;
    try {
      this.saved.emit(await send(this.site(), this.id(), this.setup(), order));
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(undefined);
  }

  /** Whether nothing can be seen to be wrong before anybody is asked. */
  private begin(check: 'try' | 'save', busy: 'trying' | 'saving'): boolean {
    if (this.busy()) return false;
    this.trial.set(undefined);
    this.problem.set(undefined);
    this.checked.set(check);
    if (Object.keys(this.errors()).length > 0) return false;
    this.busy.set(busy);
    return true;
  }

  /** What was said was said of something else. */
  private forget(): void {
    this.trial.set(undefined);
    this.problem.set(undefined);
    this.unconfirmed.set(false);
  }
}

function fieldOf(pointer: string): Field {
  return (pointer.split('/').at(-1) ?? '') as Field;
}
