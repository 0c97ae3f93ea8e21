// A folder of R code, data and tests that somebody drops or chooses.

import { nameFrom } from './reading';
import { pack, unpack, type FolderFile } from './tar';

/** A folder ready to be sent. */
export interface Folder {
  /** The name it gives itself, or that of the folder. */
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly tar: Uint8Array;
}

const MANIFEST = 'dcp.toml';

/** What of a folder is sent; hidden files and anything beside stay where they are. */
export function isPart(path: string): boolean {
  const steps = path.split('/');
  if (steps.some((step) => step.startsWith('.'))) return false;
  return path === MANIFEST || (steps.length > 1 && ['R', 'data', 'tests'].includes(steps[0] ?? ''));
}

/** The name that a manifest gives. */
export function nameIn(manifest: string): string | undefined {
  return /^\s*name\s*=\s*["']([^"'\n]*)["']/m.exec(manifest)?.[1];
}

function named(files: readonly FolderFile[], folder: string): string {
  const manifest = files.find(({ path }) => path === MANIFEST || path.endsWith(`/${MANIFEST}`));
  return (manifest && nameIn(new TextDecoder().decode(manifest.content))) ?? nameFrom(folder);
}

/** Packs what belongs to a folder; paths begin within it. */
export function folderOf(name: string, all: readonly FolderFile[]): Folder {
  const files = all.filter(({ path }) => isPart(path)).toSorted((one, other) => (one.path < other.path ? -1 : 1));
  return { name: named(files, name), files: files.map(({ path, content }) => ({ path, size: content.length })), tar: pack(files) };
}

/** A folder that is packed already. */
export async function packedFolder(file: File): Promise<Folder> {
  const tar = new Uint8Array(await file.arrayBuffer());
  const files = unpack(tar);
  return {
    name: named(files, file.name.replace(/\.tar$/i, '')),
    files: files.map(({ path, content }) => ({ path, size: content.length })),
    tar,
  };
}

/** The files of a folder that was chosen: each names its path, beginning with the folder. */
export async function chosenFolder(files: readonly File[]): Promise<Folder> {
  const within = (file: File): string => file.webkitRelativePath.split('/').slice(1).join('/');
  const parts = files.filter((file) => isPart(within(file)));
  const read = parts.map(async (file) => ({ path: within(file), content: new Uint8Array(await file.arrayBuffer()) }));
  return folderOf(files[0]?.webkitRelativePath.split('/')[0] ?? '', await Promise.all(read));
}

function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    // a reader gives its entries in pieces, and none at the end
    const more = (): void =>
      reader.readEntries((some) => {
        found.push(...some);
        if (some.length === 0) resolve(found);
        else more();
      }, reject);
    more();
  });
}

async function filesIn(folder: FileSystemDirectoryEntry, inside: string): Promise<readonly FolderFile[]> {
  const each = (await entriesOf(folder)).map(async (entry): Promise<readonly FolderFile[]> => {
    const path = `${inside}${entry.name}`;
    if (entry.isDirectory) return isPart(`${path}/x`) ? filesIn(entry as FileSystemDirectoryEntry, `${path}/`) : [];
    if (!isPart(path)) return [];
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, content: new Uint8Array(await file.arrayBuffer()) }];
  });
  return (await Promise.all(each)).flat();
}

/** The folder that was dropped; `undefined` when it is a file. To be called while the drop is handled: later it is gone. */
export function droppedFolder(items: DataTransferItemList | undefined): Promise<Folder> | undefined {
  const entry = items?.[0]?.webkitGetAsEntry();
  if (!entry?.isDirectory) return undefined;
  return filesIn(entry as FileSystemDirectoryEntry, '').then((files) => folderOf(entry.name, files));
}
