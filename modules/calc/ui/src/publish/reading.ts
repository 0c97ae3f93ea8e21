// What can be read from the name of a file and from what R says.

/** A name for a script from the name of its file: what the engine accepts. */
export function nameFrom(file: string): string {
  const base = file
    .replace(/^.*[\\/]/, '')
    .replace(/\.[rR]$/, '')
    .toLowerCase();
  return base
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-+$/, '')
    .slice(0, 64);
}

/** Whether the engine accepts a name. */
export function isName(name: string): boolean {
  return /^[a-z][a-z0-9_-]{0,63}$/.test(name);
}

/** The places where R, the parser or a pointer names a line. */
const NAMED = [/\bline (\d+)\b/i, /(?:^|[\s(>]):?(\d+):\d+:/, /#(\d+)\b/];

/** The line a message speaks of. */
export function lineIn(text: string): number | undefined {
  for (const pattern of NAMED) {
    const found = pattern.exec(text)?.[1];
    if (found) return Number(found);
  }
  return undefined;
}

/** The text of a file in UTF-8, or the first line that is none: read as if it were, its letters would be lost. */
export function textOf(bytes: Uint8Array): string | { readonly line: number } {
  const decode = (part: Uint8Array): string | undefined => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(part);
    } catch {
      return undefined;
    }
  };
  const text = decode(bytes);
  if (text !== undefined) return text;
  let [line, start] = [1, 0];
  for (let end = bytes.indexOf(10); end >= 0 && decode(bytes.subarray(start, end)) !== undefined; end = bytes.indexOf(10, start)) {
    line += 1;
    start = end + 1;
  }
  return { line };
}
