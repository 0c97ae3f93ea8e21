import { ChangeDetectionStrategy, Component, computed, effect, input } from '@angular/core';
import { followLink, formatTime, localized, problemLine, ProblemError, query, saveFile, toast } from '@dcp/api-service';
import { CopyText, Icon, injectQueryState, loadable, shared, StatePanel } from '@dcp/kit';
import { short, type Version } from '../model';
import { StateBadge } from '../parts/state-badge';
import { server } from '../place';
import { t } from '../texts';
import { ChangesView } from './changes-view';
import { FunctionsView } from './functions-view';
import { SourceView } from './source-view';
import { StepsPanel } from './steps-panel';
import { VersionsTable } from './versions-table';

/** Between two looks at whether the examples have run. */
const EXAMPLES_MS = 1000;
const VIEWS = ['functions', 'versions', 'source', 'changes'] as const;

/** One script: its versions, and of the chosen one the functions, the source and what changed. */
@Component({
  selector: 'calc-script',
  imports: [ChangesView, CopyText, FunctionsView, Icon, SourceView, StateBadge, StatePanel, StepsPanel, VersionsTable],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './script-page.html',
  styleUrl: './script-page.css',
})
export class ScriptPage {
  readonly name = input.required<string>();
  protected readonly t = t;
  protected readonly views = VIEWS;
  protected readonly follow = followLink;
  protected readonly short = short;
  protected readonly state = injectQueryState({
    view: query.oneOf(VIEWS, 'functions'),
    version: query.text(),
    since: query.text(),
  });
  protected readonly script = loadable({ on: () => this.name(), load: (name, signal) => server().script(name, signal) });
  protected readonly versions = computed(() => newestFirst(this.script.value()?.versions ?? []));
  /** The version on show: the one in the address, else the effective one, else the newest. */
  protected readonly version = computed(() => {
    const all = this.versions();
    const wanted = this.state.state().version;
    const found = wanted ? all.find(({ version }) => version.startsWith(wanted)) : undefined;
    return found ?? all.find(({ state }) => state === 'effective') ?? all[0];
  });
  protected readonly detail = loadable({
    on: () => {
      const version = this.version();
      // another state brings other sentences about what is in the way
      return version && { name: this.name(), version: version.version, state: version.state };
    },
    load: ({ name, version }, signal) => server().version(name, version, signal),
  });
  /** What the version is compared with: the one in the address, else its predecessor. */
  protected readonly since = computed(() => {
    const all = this.versions();
    const wanted = this.state.state().since;
    const at = all.findIndex(({ version }) => version === this.version()?.version);
    return (
      (wanted ? all.find(({ version }) => version.startsWith(wanted)) : undefined) ?? all[at + 1] ?? all.find((_, index) => index !== at)
    );
  });
  /** The title of the module that was released with the script. */
  protected readonly module = computed(() => {
    const module = this.script.value()?.brought_by;
    const title = shared.portal()?.modules.find(({ name }) => name === module)?.title;
    return module ? (title ? localized(title) : module) : undefined;
  });

  constructor() {
    // examples run after the publication; what they give decides about an approval
    effect((cleanUp) => {
      const detail = this.detail.value();
      if (detail?.examples !== null || detail.functions.every(({ examples }) => !examples?.length)) return;
      const timer = setTimeout(() => {
        this.detail.reload();
        this.script.reload();
      }, EXAMPLES_MS);
      cleanUp(() => clearTimeout(timer));
    });
  }

  protected when(version: Version): string {
    shared.clock();
    return formatTime(version.published_at);
  }

  /** Keeps addresses short: the version that is shown anyway is not named. */
  protected show(version: string): void {
    this.state.set({ version, since: '' });
  }

  /** Fetched rather than linked: a link cannot say which node is meant. */
  protected async saveOpenApi({ version }: Version): Promise<void> {
    try {
      saveFile(`${this.name()}@${short(version)}.openapi.json`, await server().openapi(this.name(), version));
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
    }
  }

  protected changed(): void {
    this.script.reload();
    this.detail.reload();
  }
}

function newestFirst(versions: readonly Version[]): readonly Version[] {
  return [...versions].sort((a, b) => b.published_at.localeCompare(a.published_at));
}
