// The tar format, as far as folders of R code need it: the engine takes folders as tar, and browsers bring no packer.

/** A file of a folder. */
export interface FolderFile {
  /** Its path in the folder, with slashes. */
  readonly path: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;
/** Where the fields of a head stand that are read or written here. */
const NAME = { at: 0, length: 100 };
const SIZE = { at: 124, length: 12 };
const CHECKSUM = { at: 148, length: 8 };
const KIND = 156;
const PREFIX = { at: 345, length: 155 };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A long path stands in two fields, divided at a slash; `undefined` when it cannot. */
function divided(path: Uint8Array): readonly [Uint8Array, Uint8Array] | undefined {
  if (path.length <= NAME.length) return [new Uint8Array(), path];
  for (let at = path.length - NAME.length - 1; at <= PREFIX.length; at += 1) {
    if (path[at] === 47) return [path.slice(0, at), path.slice(at + 1)];
  }
  return undefined;
}

function octal(value: number, length: number): Uint8Array {
  return encoder.encode(`${value.toString(8).padStart(length - 1, '0')}\0`);
}

function headOf(path: string, size: number): Uint8Array {
  const parts = divided(encoder.encode(path));
  if (!parts) throw new Error(`the path ${path} is too long`);
  const head = new Uint8Array(BLOCK);
  head.set(parts[1], NAME.at);
  head.set(octal(0o644, 8), 100);
  for (const at of [108, 116]) head.set(octal(0, 8), at);
  head.set(octal(size, SIZE.length), SIZE.at);
  head.set(octal(0, 12), 136);
  head.fill(32, CHECKSUM.at, CHECKSUM.at + CHECKSUM.length);
  head[KIND] = 48;
  head.set(encoder.encode('ustar\u000000'), 257);
  head.set(parts[0], PREFIX.at);
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.set(encoder.encode(`${sum.toString(8).padStart(6, '0')}\0 `), CHECKSUM.at);
  return head;
}

/** Packs files; throws the path of one that the format has no room for. */
export function pack(files: readonly FolderFile[]): Uint8Array {
  const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;
  const whole = files.reduce((all, { content }) => all + BLOCK + padded(content.length), 2 * BLOCK);
  const tar = new Uint8Array(whole);
  let at = 0;
  for (const { path, content } of files) {
    tar.set(headOf(path, content.length), at);
    tar.set(content, at + BLOCK);
    at += BLOCK + padded(content.length);
  }
  return tar;
}

function textAt(head: Uint8Array, { at, length }: { at: number; length: number }): string {
  const field = head.slice(at, at + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.slice(0, end));
}

/** The ordinary files of a tar, to show them; the engine reads it by itself and says what is wrong with it. */
export function unpack(tar: Uint8Array): readonly FolderFile[] {
  const files: FolderFile[] = [];
  for (let at = 0; at + BLOCK <= tar.length;) {
    const head = tar.slice(at, at + BLOCK);
    const size = Number.parseInt(textAt(head, SIZE), 8);
    if (head[0] === 0 || Number.isNaN(size)) break;
    const path = [textAt(head, PREFIX), textAt(head, NAME)].filter(Boolean).join('/');
    const start = at + BLOCK;
    if (head[KIND] === 48 || head[KIND] === 0) files.push({ path, content: tar.slice(start, start + size) });
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/** Bytes as Base64, for JSON. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
