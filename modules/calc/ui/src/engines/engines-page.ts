import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, signal } from '@angular/core';
import { formatBytes, ProblemError } from '@dcp/api-service';
import { loadable, ProblemPanel, StatePanel, ZoneBadge } from '@dcp/kit';
import { t } from '../calls/texts';
import { environmentText } from '../function/provenance';
import type { Engine } from '../model';
import { nodes } from '../place';
import { Server } from '../server';
import { Registration } from './registration';

const REFRESH_MS = 3000;
/** Looks at the engines for one at their registrations, which change once in months. */
const LOOKS = 5;
const MIB = 1024 * 1024;

/** The engine of a node, or why it cannot be told. */
interface Told {
  readonly node: string;
  readonly engines: readonly Engine[];
  readonly problem: ProblemError | undefined;
}

/** The engines of all nodes and how busy each is; one that does not answer hides none of the others. */
@Component({
  selector: 'calc-engines',
  imports: [ProblemPanel, Registration, StatePanel, ZoneBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './engines-page.html',
  styles: `
    .engines {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr));
      gap: var(--dcp-space-3);
    }
    .dcp-body {
      display: grid;
      gap: var(--dcp-space-2);
    }
    .load {
      display: grid;
      gap: var(--dcp-space-1);
    }
    meter {
      width: 100%;
      height: 12px;
    }
  `,
})
export class EnginesPage {
  protected readonly t = t;
  protected readonly told = loadable({
    on: () => nodes().map(({ name }) => name),
    load: (names, signal) => Promise.all(names.map((node) => ask(node, signal))),
  });
  protected readonly turn = signal(0);
  protected readonly rows = computed(() => this.told.value() ?? []);

  constructor() {
    let looks = 0;
    const timer = setInterval(() => {
      if (document.hidden) return;
      this.told.reload();
      looks += 1;
      if (looks % LOOKS === 0) this.turn.update((before) => before + 1);
    }, REFRESH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected memory({ workers }: Engine): string {
    return formatBytes(workers.memory_mb * MIB);
  }

  protected environment({ environment }: Engine): string {
    return environmentText(environment);
  }

  protected zoneOf({ zone }: Engine): 'gxp' | 'nongxp' {
    return zone === 'gxp' ? 'gxp' : 'nongxp';
  }
}

async function ask(node: string, signal: AbortSignal): Promise<Told> {
  try {
    return { node, engines: await new Server(node).engines(signal), problem: undefined };
  } catch (error) {
    if (ProblemError.isAbort(error)) throw error;
    return { node, engines: [], problem: ProblemError.from(error) };
  }
}
