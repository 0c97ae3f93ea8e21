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
