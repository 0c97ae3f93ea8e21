import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

/** Drawn for a 16 px box with strokes of 1.5. */
const PATHS: Readonly<Record<string, string>> = {
  batches: 'M2.5 4h11M2.5 8h11M2.5 12h11M5.5 2.7v2.6M10 6.7v2.6M7 10.7v2.6',
  'control-chart': 'M2 4h12M2 12h12M3 9l2.5-2L8 9.5 10.5 6 13 8',
  key: 'M6 10.5a3 3 0 1 1 2.1-5.1L13.5 5.4M11 5.4v2.5M13.5 5.4v2M6 7.5h.01',
  home: 'M2.5 7.5 8 3l5.5 4.5M4 6.5V13h8V6.5M6.8 13V9.5h2.4V13',
  'chart-scatter': 'M2.5 2.5v11h11M5.5 10.5h.01M7.5 7.5h.01M9.5 9h.01M11 5h.01M12.5 7h.01M6 5h.01',
  'chart-line': 'M2.5 2.5v11h11M4.5 10l3-3.5 2.5 2 3.5-4.5',
  'chart-control': 'M2 4h12M2 12h12M3 9l2.5-2L8 9.5 10.5 6 13 8',
  administration: 'M2 4.5h6M11 4.5h3M2 11.5h3M8 11.5h6M9.5 3v3M6.5 10v3',
  settings: 'M2 4.5h6M11 4.5h3M2 11.5h3M8 11.5h6M9.5 3v3M6.5 10v3',
  users:
    'M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6ZM2 13c.3-2.4 1.8-3.7 4-3.7s3.7 1.3 4 3.7M10.5 7.3a2 2 0 0 0 0-4M11.5 9.6c1.5.4 2.3 1.6 2.5 3.4',
  modules: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z',
  calculator: 'M3.5 2.5h9v11h-9zM5.5 5h5M5.5 8h.01M8 8h.01M10.5 8h.01M5.5 10.8h.01M8 10.8h.01M10.5 10.8h.01',
  user: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM3 13.5c.4-2.7 2.2-4.2 5-4.2s4.6 1.5 5 4.2',
  language: 'M8 2.3a5.7 5.7 0 1 0 0 11.4A5.7 5.7 0 0 0 8 2.3ZM2.5 8h11M8 2.5c-4 3.7-4 7.3 0 11M8 2.5c4 3.7 4 7.3 0 11',
  theme: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  site: 'M8 14s4.5-4 4.5-7.5a4.5 4.5 0 0 0-9 0C3.5 10 8 14 8 14ZM8 8a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z',
  'chevron-down': 'm4 6.5 4 4 4-4',
  'chevron-left': 'm10 4-4 4 4 4',
  'chevron-right': 'm6 4 4 4-4 4',
  database:
    'M3 4.2c0-1 2.2-1.7 5-1.7s5 .7 5 1.7-2.2 1.7-5 1.7-5-.7-5-1.7ZM3 4.2v7.6c0 1 2.2 1.7 5 1.7s5-.7 5-1.7V4.2M3 8c0 1 2.2 1.7 5 1.7S13 9 13 8',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  close: 'm4 4 8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1',
  download: 'M8 2.5V10M4.8 7 8 10.2 11.2 7M2.5 13.5h11',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.3 10.3l3.2 3.2',
  sort: 'M5 3v10M2.5 5.5 5 3l2.5 2.5M11 13V3M8.5 10.5 11 13l2.5-2.5',
  up: 'M8 13V3.5M4 7l4-4 4 4',
  down: 'M8 3v9.5M4 9l4 4 4-4',
  plus: 'M8 3v10M3 8h10',
  play: 'M4.5 3v10l8-5z',
  stop: 'M4 4h8v8H4z',
  restart: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  warning: 'M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01',
  locked: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  activity: 'M2 8.5h2.5l2-5.5 3 10 2-4.5H14',
  module: 'M3 3h10v10H3z',
};

/** A small line drawing in the colour of the text; decoration only, the words stand beside it or in the control's label. */
@Component({
  selector: 'dcp-icon',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { 'aria-hidden': 'true' },
  template: `<svg viewBox="0 0 16 16" [attr.width]="size()" [attr.height]="size()"><path [attr.d]="path()" /></svg>`,
  styles: `
    :host {
      display: inline-flex;
      flex: none;
    }
    path {
      fill: none;
      stroke: currentColor;
      stroke-width: 1.5;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
  `,
})
export class Icon {
  readonly name = input.required<string>();
  readonly size = input(16);
  protected readonly path = computed(() => PATHS[this.name()] ?? PATHS['module']);
}
