/** The pieces of the portal's look for Angular: bundled into each application that uses them. */
export { CopyText } from './copy-text';
export { Dialog } from './dialog';
export { Icon } from './icon';
export { loadable, type Loadable } from './loadable';
export { ProblemPanel } from './problem-panel';
export * from './signals';
export { StatePanel } from './state-panel';
export { CellTemplate } from './table/cell';
export { sortFromText, sortToText, type Column, type Sort } from './table/column';
export { DataTable } from './table/data-table';
export { InAddress } from './table/in-address';
export { ZoneBadge } from './zone-badge';
