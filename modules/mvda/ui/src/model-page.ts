import { ChangeDetectionStrategy, Component, computed, effect, inject } from '@angular/core';
import { followLink, formatNumber, formatTime, may, saveCsv, serverText, zoneName } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import { backend } from './backend';
import { ModelCourse } from './model-course';
import { LeftOut } from './left-out';
import { ModelOverview } from './model-overview';
import { ModelRecord } from './model-record';
import { ModelTag } from './model-tag';
import { author, ModelList, title } from './models';
import { RESULT_HEADER, resultRows } from './result-data';
import { SECTIONS, View } from './view';
import { t } from './words';

/** One version of a model: while it is calculated its progress, then its result from four sides. */
@Component({
  selector: 'mvda-model',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [LeftOut, ModelCourse, ModelOverview, ModelRecord, ModelTag, StatePanel],
  styles: `
    .head {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--dcp-space-2) var(--dcp-space-4);
      margin-bottom: var(--dcp-space-2);
    }
    .head h2 {
      font-size: 16px;
    }
    :host .sections {
      display: flex;
      gap: 2px;
      margin-bottom: var(--dcp-space-3);
      flex-wrap: wrap;
      align-items: center;
    }
    .section {
      padding: 3px 10px;
      border-radius: var(--dcp-radius);
      color: var(--dcp-text-quiet);
      text-decoration: none;
      font-weight: 500;
      border: 1px solid transparent;
    }
    .section:hover {
      background: var(--dcp-hover);
      color: var(--dcp-text);
    }
    .section[aria-current='page'] {
      background: var(--dcp-selected);
      color: var(--dcp-text);
      border-color: var(--dcp-accent);
    }
    .progress {
      display: grid;
      gap: var(--dcp-space-2);
      max-width: 520px;
      padding: var(--dcp-space-5) 0;
    }
    progress {
      width: 100%;
      accent-color: var(--dcp-accent);
      height: 10px;
    }
  `,
  template: `
    @if (model.problem() && !model.value()) {
      <a [href]="view.href({ model: '', section: 'overview', batch: '' })" (click)="follow($event)">← {{ t('models') }}</a>
    }
    <dcp-state [of]="model">
      @if (model.value(); as model) {
        <div class="head">
          <a [href]="view.href({ model: '', section: 'overview', batch: '' })" (click)="follow($event)">← {{ t('models') }}</a>
          <h2>{{ name() }}</h2>
          <span class="dcp-badge" [class.dcp-badge--good]="model.state === 'ready'" [class.dcp-badge--danger]="model.state === 'failed'">{{
            t(model.state)
          }}</span>
          @if (model.archived) {
            <span class="dcp-badge">{{ t('archived') }}</span>
          }
          <span class="dcp-quiet dcp-small">{{ facts() }}</span>
        </div>
        @switch (model.state) {
          @case ('ready') {
            <nav class="sections" [attr.aria-label]="name()">
              @for (one of sections(); track one) {
                <a
                  class="section"
                  [attr.aria-current]="section() === one ? 'page' : null"
                  [href]="view.href({ section: one, from: undefined, to: undefined })"
                  (click)="follow($event)"
                  >{{ named(one) }}</a
                >
              }
              <span class="dcp-fill" style="flex: 1"></span>
              <button type="button" class="dcp-button" [disabled]="!result.value()" (click)="save()">
                {{ t('saveResult') }}
              </button>
              @if (model.archived) {
                <button type="button" class="dcp-button" [disabled]="!allowed()" (click)="list.act(model, 'restore')">
                  {{ t('restore') }}
                </button>
              } @else {
                <button type="button" class="dcp-button" [disabled]="!allowed()" (click)="list.act(model, 'archive')">
                  {{ t('archive') }}
                </button>
              }
            </nav>
            <dcp-state [of]="result" [rows]="14">
              @if (result.value(); as result) {
                <mvda-left-out [model]="model" [result]="result" />
                @switch (section()) {
                  @case ('overview') {
                    <mvda-model-overview [model]="model" [result]="result" />
                  }
                  @case ('course') {
                    <mvda-model-course [model]="model" [result]="result" />
                  }
                  @case ('tag') {
                    <mvda-model-tag [model]="model" [result]="result" />
                  }
                  @case ('record') {
                    <mvda-model-record [model]="model" [result]="result" />
                  }
                }
              }
            </dcp-state>
          }
          @case ('failed') {
            <div class="dcp-state dcp-state--error" role="alert">
              <h2>{{ said(model.error?.title) || t('failed') }}</h2>
              @if (model.error?.detail; as detail) {
                <pre class="dcp-code" style="white-space: pre-wrap; margin: 0; max-height: 240px; overflow: auto" tabindex="0">{{
                  said(detail)
                }}</pre>
              }
              <p>{{ t('failedAdvice') }}</p>
              <p class="dcp-hint">{{ t('module') }}: mvda</p>
              <a class="dcp-button" [href]="view.href({ model: '', create: model.kind })" (click)="follow($event)">{{ t('tryAgain') }}</a>
            </div>
          }
          @case ('cancelled') {
            <div class="dcp-state">
              <h2>{{ t('cancelled') }}</h2>
              <p class="dcp-quiet">{{ t('cancelledText') }}</p>
              <a class="dcp-button" [href]="view.href({ model: '', create: model.kind })" (click)="follow($event)">{{ t('tryAgain') }}</a>
            </div>
          }
          @default {
            <div class="progress" role="status">
              <strong>{{ said(progress().message) || t(model.state) }}</strong>
              <progress max="1" [value]="progress().fraction" [attr.aria-label]="t('progress')"></progress>
              <span class="dcp-quiet">{{ percent() }} % · {{ t('leaveRunning') }}</span>
              <span
                ><button type="button" class="dcp-button" (click)="list.act(model, 'cancel')">
                  {{ t('cancel') }}
                </button></span
              >
            </div>
          }
        }
      }
    </dcp-state>
  `,
})
export class ModelPage {
  protected readonly t = t;
  protected readonly view = inject(View);
  protected readonly list = inject(ModelList);
  protected readonly follow = followLink;
  protected readonly model = loadable({
    on: () => this.view.state().model || undefined,
    load: (id, signal) => backend.model(id, signal),
  });
  protected readonly result = loadable({
    on: () => (this.model.value()?.state === 'ready' ? this.model.value()?.id : undefined),
    load: (id, signal) => backend.result(id, signal),
  });

  protected readonly name = computed(() => {
    const model = this.model.value();
    return model ? title(model) : '';
  });
  protected readonly allowed = computed(() => {
    shared.session();
    return may('mvda.model');
  });
  protected readonly progress = computed(
    () => this.list.find(this.view.state().model)?.progress ?? this.model.value()?.progress ?? { fraction: 0, message: '' },
  );
  protected readonly percent = computed(() => Math.round(this.progress().fraction * 100));
  /** A level model has one point per batch: nothing to follow over maturity. */
  protected readonly sections = computed(() =>
    SECTIONS.filter(
      (section) =>
        (section !== 'course' || this.model.value()?.kind === 'evolution') && (section !== 'tag' || this.view.state().tag !== ''),
    ),
  );
  protected readonly section = computed(() =>
    this.sections().includes(this.view.state().section) ? this.view.state().section : 'overview',
  );
  protected readonly facts = computed(() => {
    const model = this.model.value();
    if (!model) return '';
    const r2y = model.r2y === null ? [] : [`R²Y ${formatNumber(model.r2y)}`];
    const abnormal = model.abnormal === null ? [] : [t('abnormalCount', { count: model.abnormal })];
    return [
      t(model.kind),
      t('referenceCount', {
        count: model.reference_batches,
        of: model.batches,
      }),
      ...r2y,
      ...abnormal,
      `${formatTime(model.created_at)} ${zoneName()}`,
      author(model),
    ].join(' · ');
  });

  constructor() {
    // the list hears of changes; the page reads the model again when its state is another one
    effect(() => {
      const listed = this.list.find(this.view.state().model);
      const shown = this.model.value();
      if (listed && shown && (listed.state !== shown.state || listed.archived !== shown.archived)) this.model.reload();
    });
  }

  protected named(section: (typeof SECTIONS)[number]): string {
    return t(`section_${section}`);
  }

  protected said(text: string | undefined): string {
    shared.language();
    return text ? serverText(text) : '';
  }

  protected save(): void {
    const result = this.result.value();
    if (result) saveCsv(`GxP_${this.name()}_${t('batches')}`, RESULT_HEADER, resultRows(result));
  }
}
