import { ChangeDetectionStrategy, Component, computed, inject, input, output, signal } from '@angular/core';
import { saveCsv, saveFile, type ProblemError } from '@dcp/api-service';
import { Icon, ProblemPanel } from '@dcp/kit';
import { short } from '../model';
import { Calling } from './calling';
import { PartialResults } from './partial-results';
import { Plot } from './plot';
import { Provenance } from './provenance';
import { Recompute } from './recompute';
import { firstTable } from './shape';
import { t } from './texts';
import { ValueView } from './value-view';

/** What a call gives: its progress, then the value with all that belongs to it, or what went wrong. */
@Component({
  selector: 'calc-result',
  imports: [Icon, PartialResults, Plot, ProblemPanel, Provenance, Recompute, ValueView],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './result-panel.html',
  styleUrl: './result-panel.css',
})
export class ResultPanel {
  /** What is to be said here; problems of fields are said there. */
  readonly problem = input<ProblemError>();
  readonly retryable = input(true);
  /** The call for a shell. */
  readonly command = input('');
  readonly retry = output();
  protected readonly t = t;
  protected readonly calling = inject(Calling);
  protected readonly copied = signal(false);
  protected readonly table = computed(() => firstTable(this.calling.envelope()?.value));
  protected readonly percent = computed(() => {
    const progress = this.calling.progress();
    return progress ? Math.round(100 * progress.fraction) : undefined;
  });
  /** What R said before it stopped. */
  protected readonly said = computed(() => {
    const body = this.problem()?.body ?? {};
    const texts = (name: string): readonly string[] => (Array.isArray(body[name]) ? (body[name] as unknown[]).map(String) : []);
    return { warnings: texts('warnings'), messages: texts('messages'), output: texts('output') };
  });

  protected async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.command());
    this.copied.set(true);
    setTimeout(() => this.copied.set(false), 2000);
  }

  protected saveJson(): void {
    saveFile(`${this.file()}.json`, new Blob([JSON.stringify(this.calling.envelope(), null, 2)], { type: 'application/json' }));
  }

  protected saveTable(): void {
    const table = this.table();
    if (!table) return;
    const header = table.columns.map(({ name }) => name || 'value');
    saveCsv(
      this.file(),
      header,
      Array.from({ length: table.rows }, (_, row) => table.columns.map(({ values }) => values[row])),
    );
  }

  /** Carries the zone, so that a free result cannot be taken for a controlled one. */
  protected file(): string {
    const call = this.calling.envelope()?.call;
    if (!call) return 'result';
    const mark = call.zone === 'nongxp' ? 'information-only' : call.draft ? 'draft' : 'GxP';
    return `${mark}_${call.script}@${short(call.version)}_${call.function}_${short(call.result_key)}`;
  }
}
