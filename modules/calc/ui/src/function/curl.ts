// A call as a command for a shell.

/** Puts a text into single quotes for a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The call as curl does it, with the token of the caller taken from the environment. */
export function curl(call: { origin: string; path: string; site: string | undefined; node: string; body: string }): string {
  const headers = ['Content-Type: application/json', ...(call.site ? [`DCP-Site: ${call.site}`] : []), `DCP-Node: ${call.node}`];
  const lines = [
    `curl -X POST ${quoted(call.origin + call.path)}`,
    '-H "Authorization: Bearer $DCP_TOKEN"',
    ...headers.map((header) => `-H ${quoted(header)}`),
    `-d ${quoted(call.body)}`,
  ];
  return lines.join(' \\\n  ');
}
