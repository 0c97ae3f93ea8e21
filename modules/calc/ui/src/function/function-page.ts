import { ChangeDetectionStrategy, Component, computed, effect, ElementRef, inject, input, signal, untracked } from '@angular/core';
import { followLink, may, query } from '@dcp/api-service';
import { injectQueryState, loadable, shared, StatePanel } from '@dcp/kit';
import { CALL, short, type Version } from '../model';
import { StateBadge } from '../parts/state-badge';
import { chosen, scriptLink, server } from '../place';
import { callPath } from '../server';
import { signature } from '../script/signature';
import { t as words } from '../texts';
import { CallField } from './call-field';
import { Calling } from './calling';
import { curl } from './curl';
import { fieldsOf, type Field } from './fields';
import { argumentsOf, fromAddress, objections, toAddress } from './form';
import { ReferenceDialog } from './reference/reference-dialog';
import { ResultPanel } from './result-panel';
import { t } from './texts';

/** One function: what it does, a form for its arguments, and what a call gives. The form stands in the address. */
@Component({
  selector: 'calc-function',
  imports: [CallField, ReferenceDialog, ResultPanel, StateBadge, StatePanel],
  providers: [Calling],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './function-page.html',
  styleUrl: './function-page.css',
})
export class FunctionPage {
  readonly script = input.required<string>();
  readonly name = input.required<string>();
  protected readonly t = t;
  protected readonly words = words;
  protected readonly short = short;
  protected readonly signature = signature;
  protected readonly follow = followLink;
  protected readonly scriptLink = scriptLink;
  protected readonly calling = inject(Calling);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  protected readonly state = injectQueryState({ version: query.text(), args: query.text(), call: query.text() });
  protected readonly versions = loadable({ on: () => this.script(), load: (name, signal) => server().script(name, signal) });
  protected readonly version = computed<Version | undefined>(() => {
    const all = [...(this.versions.value()?.versions ?? [])].sort((a, b) => b.published_at.localeCompare(a.published_at));
    const wanted = this.state.state().version;
    if (wanted) return all.find(({ version }) => version.startsWith(wanted));
    return all.find(({ state }) => state === 'effective') ?? all[0];
  });
  protected readonly detail = loadable({
    on: () => {
      const found = this.version();
      return found && { name: this.script(), version: found.version };
    },
    load: ({ name, version }, signal) => server().version(name, version, signal),
  });
  protected readonly fn = computed(() => this.detail.value()?.functions.find(({ name }) => name === this.name()));
  protected readonly examples = computed(() => this.fn()?.examples ?? []);
  protected readonly fields = computed(() => {
    const fn = this.fn();
    return fn ? fieldsOf(fn) : [];
  });
  protected readonly entries = signal(fromAddress(this.state.state().args));
  /** The field that an earlier result or process data are chosen for. */
  protected readonly referring = signal<Field | undefined>(undefined);
  protected readonly tooLong = signal(false);
  protected readonly again = signal(false);
  protected readonly background = signal(false);
  private readonly tried = signal(false);
  private readonly read = computed(() => argumentsOf(this.fields(), this.entries()));
  protected readonly wrong = computed(() => (this.tried() ? this.read().wrong : new Map<string, never>()));
  /** The engine's objections hold for what was sent, not for what was typed since. */
  private readonly sent = signal('');
  protected readonly objections = computed(() => {
    const current = this.sent() === JSON.stringify(this.entries());
    return objections(this.fields(), current ? (this.calling.problem()?.errors ?? []) : []);
  });
  /** A problem that is not said at a field already. */
  protected readonly problem = computed(() => {
    const problem = this.calling.problem();
    const atFields = problem && problem.errors.length > 0 && !this.objections().has('') && this.objections().size > 0;
    return atFields ? undefined : problem;
  });
  /** Only effective versions answer at the address that others use. */
  protected readonly isDraft = computed(() => !['effective', 'superseded'].includes(this.version()?.state ?? ''));
  protected readonly obstacle = computed(() => {
    shared.session();
    shared.language();
    if (this.version()?.state === 'retired') return t('retiredVersion');
    return may(CALL, shared.address().site) ? undefined : words('needs', { permission: CALL });
  });
  protected readonly command = computed(() =>
    curl({
      origin: location.origin,
      path: this.path(),
      site: shared.address().site,
      node: chosen()?.name ?? '',
      body: JSON.stringify(this.read().body),
    }),
  );
  protected readonly empty = computed(() => this.detail.value() !== undefined && !this.fn());

  constructor() {
    const call = this.state.state().call;
    if (call) void this.calling.open(call);
    // the back button brings an earlier form
    effect(() => {
      const text = this.state.state().args;
      untracked(() => {
        if (toAddress(this.entries()) !== text && !this.tooLong()) this.entries.set(fromAddress(text));
      });
    });
  }

  private path(): string {
    return callPath(this.script(), this.version()?.version ?? '', this.name(), this.isDraft());
  }

  /** An earlier result or process data in the place of a value. */
  protected refer(field: Field, entry: string): void {
    this.referring.set(undefined);
    this.typed(field.name, entry);
    this.focus(field.name);
  }

  protected typed(name: string, entry: string): void {
    this.entries.update((before) => ({ ...before, [name]: entry }));
    const text = toAddress(this.entries());
    this.tooLong.set(text === undefined);
    this.state.set({ args: text ?? '', call: '' }, { replace: true });
  }

  protected clear(): void {
    this.entries.set({});
    this.tried.set(false);
    this.tooLong.set(false);
    this.calling.leave();
    this.state.set({ args: '', call: '' });
  }

  /** The field that is wrong, after its trouble is shown. */
  private focus(name: string): void {
    setTimeout(() => document.getElementById(`calc-argument-${name}`)?.focus());
  }

  protected call(): void {
    this.tried.set(true);
    const { body, wrong } = this.read();
    if (wrong.size > 0) {
      const [first] = wrong.keys();
      this.focus(first ?? '');
      return;
    }
    if (this.calling.running() || this.obstacle() !== undefined) return;
    this.sent.set(JSON.stringify(this.entries()));
    // where the result stands below the form, it must come into sight
    if (matchMedia('(max-width: 1100px)').matches)
      setTimeout(() => this.host.querySelector('calc-result')?.scrollIntoView({ block: 'start' }));
    const id = crypto.randomUUID();
    void this.calling
      .start({ path: this.path(), id, body: JSON.stringify(body), again: this.again(), background: this.background() })
      // a link to a call that the engine refused would lead nowhere
      .then(() => {
        const [refused] = this.objections().keys();
        if (this.calling.id() === id && refused) this.focus(refused);
        if (this.calling.id() === id && ['done', 'running'].includes(this.calling.phase())) this.state.set({ call: id }, { replace: true });
      });
  }
}
