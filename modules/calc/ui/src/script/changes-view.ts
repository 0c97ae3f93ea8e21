import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { formatTime } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import { short, type ExampleValue, type Version } from '../model';
import { server } from '../place';
import { t } from '../texts';
import { folded, isFold, numbered, type DiffLine, type Fold } from './diff';

/** SHA-256 of `null`: a value that is NULL is not one that is too long to show. */
const KEY_OF_NULL = '74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b';
const CHANGES = { added: 'functionAdded', removed: 'functionRemoved', signature: 'functionSignature' } as const;
const FILE_CHANGES = { added: 'fileAdded', removed: 'fileRemoved', changed: 'fileChanged', same: 'fileSame' } as const;
const MARKS = { same: ' ', added: '+', removed: '−' } as const;

/** What a version changed since another one: functions, results of the examples, and the files line by line. */
@Component({
  selector: 'calc-changes',
  imports: [StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './changes-view.html',
  styleUrl: './changes-view.css',
})
export class ChangesView {
  readonly name = input.required<string>();
  readonly version = input.required<Version>();
  readonly versions = input.required<readonly Version[]>();
  readonly since = input<Version>();
  readonly sinceChange = output<string>();
  protected readonly t = t;
  protected readonly short = short;
  protected readonly marks = MARKS;
  protected readonly changeWords = CHANGES;
  protected readonly fileWords = FILE_CHANGES;
  protected readonly isFold = isFold;
  /** Unfolded stretches, by file and line. */
  protected readonly open = signal<ReadonlySet<string>>(new Set());
  protected readonly others = computed(() => this.versions().filter(({ version }) => version !== this.version().version));
  protected readonly changes = loadable({
    on: () => {
      const since = this.since();
      return since && { name: this.name(), version: this.version().version, since: since.version };
    },
    load: ({ name, version, since }, signal) => server().changes(name, version, since, signal),
  });
  private readonly all = computed(() => this.changes.value()?.files ?? []);
  protected readonly files = computed(() =>
    this.all()
      .filter(({ change }) => change !== 'same')
      .map((file) => ({ ...file, folded: folded(numbered(file.lines)) })),
  );
  protected readonly ofFolder = computed(() => this.all().length > 1);
  protected readonly counts = computed(() => {
    const lines = this.all().flatMap(({ lines }) => lines);
    const of = (kind: string): number => lines.filter((line) => line.kind === kind).length;
    return { added: of('added'), removed: of('removed') };
  });

  protected asLine(one: DiffLine | Fold): DiffLine {
    return one as DiffLine;
  }

  protected asFold(one: DiffLine | Fold): Fold {
    return one as Fold;
  }

  protected unfold(at: string): void {
    this.open.update((before) => new Set([...before, at]));
  }

  /** What an example gave: why it failed, its value, or the key of a long one. */
  protected gave(one: ExampleValue | null): string {
    if (!one) return '–';
    if (one.failure) return one.failure;
    const key = one.result_key;
    if (one.value === null && key !== null && key !== KEY_OF_NULL) return t('longValue', { key: short(key) });
    return JSON.stringify(one.value);
  }

  protected when(version: Version): string {
    shared.clock();
    return formatTime(version.published_at);
  }
}
