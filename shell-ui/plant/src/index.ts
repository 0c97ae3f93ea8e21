/** What applications about a plant share: its assets as a tree, its batches as a table. Bundled into each application that uses it. */
export { AssetTree, type Asset } from './asset-tree';
export { BatchTable } from './batch-table';
export { batchColumns, batchId, lasting } from './columns';
export type { AssetSource, Batch, Element, Unreadable } from './model';
export { warningText, type SourceWarning } from './source-warning';
export { UnreadableNote } from './unreadable-note';
export { WarningNote } from './warning-note';
