// Charts of the portal, for any framework: plain classes on a host element, each with `update` and `destroy`.

export { TrendChart } from './trend';
export type { TrendBand, TrendOptions, TrendSeries } from './trend-model';
export { OverlayChart } from './overlay';
export type { Envelope, OverlayLane, OverlayLine, OverlayOptions } from './overlay-model';
export { ScoreChart } from './score';
export type { Ellipse, ScoreOptions, ScorePoint } from './score';
export { ControlChart } from './control';
export type { ControlLimit, ControlOptions, ControlPoint } from './control';
export { BarList } from './bars';
export type { Bar, BarOptions } from './bars';
export type { FigureOptions } from './figure';
export type { Group } from './drawn';
export type { Range } from './zoom';
export type { Language } from './words';
export { number as formatNumber, moment as formatMoment, duration as formatDuration } from './numbers';
export { csv, fileName, save } from './export';
export type { Table } from './export';
