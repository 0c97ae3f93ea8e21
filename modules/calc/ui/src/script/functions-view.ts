import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { followLink } from '@dcp/api-service';
import { StatePanel, type Loadable } from '@dcp/kit';
import type { ExampleResult, FunctionInfo, Version, VersionDetail } from '../model';
import { functionLink } from '../place';
import { t } from '../texts';
import { signature } from './signature';

/** The functions of a version, each with what its examples gave; a link leads to its form. */
@Component({
  selector: 'calc-functions',
  imports: [StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-state [of]="detail()" [empty]="functions().length === 0" [emptyTitle]="t('noFunctions')" [emptyText]="t('noFunctionsText')">
      <ul role="list">
        @for (one of functions(); track one.name) {
          <li class="dcp-panel">
            <div class="dcp-body">
              <h2>
                <a [href]="href(one)" (click)="follow($event)"
                  ><code>{{ signature(one) }}</code></a
                >
              </h2>
              @if (one.title) {
                <p translate="no">{{ one.title }}</p>
              }
              <p class="badges">
                @if (one.cache; as cache) {
                  <span class="dcp-badge" [title]="t(textOf[cache])">{{ t(cache) }}</span>
                }
                @if (isWaiting(one)) {
                  <span class="dcp-badge">{{ t('examplesWaiting') }}</span>
                }
                @for (result of examplesOf(one); track $index) {
                  <span class="dcp-badge {{ look(result) }}" [title]="result.failure ?? result.example">{{ verdict(result) }}</span>
                }
              </p>
            </div>
          </li>
        }
      </ul>
    </dcp-state>
  `,
  styles: `
    ul {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-2);
    }
    .dcp-body {
      display: grid;
      gap: var(--dcp-space-1);
    }
    code {
      overflow-wrap: anywhere;
    }
    .badges {
      display: flex;
      flex-wrap: wrap;
      gap: var(--dcp-space-1);
    }
  `,
})
export class FunctionsView {
  readonly script = input.required<string>();
  readonly version = input.required<Version>();
  readonly detail = input.required<Loadable<VersionDetail>>();
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly signature = signature;
  protected readonly textOf = { pure: 'pureText', seeded: 'seededText', volatile: 'volatileText' } as const;
  protected readonly functions = computed(() => this.detail().value()?.functions ?? []);

  protected href(one: FunctionInfo): string {
    const { version, state } = this.version();
    return functionLink(this.script(), one.name, { version: state === 'effective' ? undefined : version });
  }

  protected examplesOf({ name }: FunctionInfo): readonly ExampleResult[] {
    return (this.detail().value()?.examples ?? []).filter((one) => one.function === name);
  }

  protected isWaiting({ examples }: FunctionInfo): boolean {
    return this.detail().value()?.examples === null && (examples ?? []).length > 0;
  }

  protected verdict({ failure, same }: ExampleResult): string {
    if (failure) return t('exampleFailed');
    return t(same ? 'exampleSame' : 'exampleDiffers');
  }

  protected look({ failure, same }: ExampleResult): string {
    if (failure) return 'dcp-badge--danger';
    return same ? 'dcp-badge--good' : 'dcp-badge--warning';
  }
}
