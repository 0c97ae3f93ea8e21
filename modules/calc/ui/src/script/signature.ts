import type { FunctionInfo } from '../model';

/** A function as R would write its head: `cpk(x, lsl = NULL)`. */
export function signature({ name, args }: Pick<FunctionInfo, 'name' | 'args'>): string {
  const one = ({ name: argument, default: value }: FunctionInfo['args'][number]): string =>
    value === null ? argument : `${argument} = ${value}`;
  return `${name}(${args.map(one).join(', ')})`;
}
