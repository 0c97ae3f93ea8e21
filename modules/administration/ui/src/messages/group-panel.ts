import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { formatTime, localized, may, toast } from '@dcp/api-service';
import { CopyText, DataTable, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { OPERATE } from '../model';
import { t } from '../texts';
import { DecideDialog } from './decide-dialog';
import { LetterPanel } from './letter-panel';
import { server, type Choice, type Group, type Letter, type Post, type Verdict } from './model';

/** The dead letters of one queue and one cause. */
@Component({
  selector: 'adm-letters',
  imports: [CopyText, DataTable, DecideDialog, LetterPanel, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './group-panel.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    .actions {
      display: flex;
      gap: var(--dcp-space-2);
      margin-inline-start: auto;
    }
    .cause {
      margin: 0;
      padding: var(--dcp-space-2) var(--dcp-space-3);
      overflow-wrap: anywhere;
    }
  `,
})
export class GroupPanel {
  readonly post = input.required<Post>();
  readonly group = input.required<Group>();
  /** The id of the open letter. */
  readonly letter = input('');
  readonly letterChange = output<string>();
  readonly decided = output();

  protected readonly t = t;
  protected readonly operate = OPERATE;
  protected readonly key = (row: Letter): string => row.id;
  protected readonly wanted = computed<Choice>(() => {
    const { queue, type, reason } = this.group();
    return { queue, type, reason };
  });
  protected readonly letters = loadable({
    // the page reads the counts again and again: another count means other letters
    on: () => ({ wanted: this.wanted(), count: this.group().count, newest: this.group().newest }),
    load: ({ wanted }, signal) => server.letters(this.post(), wanted, signal),
  });
  protected readonly rows = computed(() => this.letters.value() ?? []);
  protected readonly selected = computed(() => new Set([this.letter()].filter(Boolean)));
  protected readonly heading = computed(() => {
    shared.language();
    return t('lettersOf', { title: localized(this.post().title), queue: this.group().queue });
  });
  protected readonly allowed = computed(() => {
    shared.session();
    return may(OPERATE, shared.address().site);
  });
  /** What the open dialog is about. */
  protected readonly asked = signal<{ verdict: Verdict; choice: Choice } | undefined>(undefined);

  protected readonly columns = computed<readonly Column<Letter>[]>(() => {
    shared.language();
    const time = (at: string): string => formatTime(at, { seconds: true });
    return [
      { id: 'at', header: () => t('since'), value: ({ at }) => at, text: ({ at }) => time(at), width: '176px' },
      { id: 'type', header: () => t('type'), value: ({ type }) => type || t('noMessage'), mono: true, width: 'minmax(200px, 2fr)' },
      { id: 'key', header: () => t('key'), value: ({ key }) => key, mono: true, width: 'minmax(160px, 2fr)' },
      { id: 'source', header: () => t('sender'), value: ({ source }) => source, width: '128px' },
      { id: 'attempts', header: () => t('attempts'), value: ({ attempts }) => attempts, numeric: true, width: '96px' },
    ];
  });

  protected open(keys: ReadonlySet<string>): void {
    this.letterChange.emit([...keys][0] ?? '');
  }

  protected ask(verdict: Verdict, choice: Choice): void {
    if (this.allowed()) this.asked.set({ verdict, choice });
  }

  protected finished(verdict: Verdict, count: number): void {
    toast(t(verdict === 'replay' ? 'replayedCount' : 'discardedCount', { count }));
    this.asked.set(undefined);
    this.letterChange.emit('');
    this.letters.reload();
    this.decided.emit();
  }
}
